import { type Control, Controller, type FieldPath, type FieldValues } from 'react-hook-form'
import { config } from 'zod'
import { Field } from './field.tsx'

// Without this zod tries to compile code from text, which the page's policy forbids.
config({ jitless: true })

type Props<Values extends FieldValues> = {
  control: Control<Values>
  name: FieldPath<Values>
  label: string
  type?: 'text' | 'password' | 'tel' | 'date'
  autoComplete?: string
  hint?: string
  isDisabled?: boolean
  autoFocus?: boolean
}

/** A field of a form. */
export const FormField = <Values extends FieldValues>({
  control,
  name,
  autoFocus,
  isDisabled,
  ...rest
}: Props<Values>) => (
  <Controller
    control={control}
    name={name}
    render={({ field, fieldState }) => (
      <Field
        {...rest}
        name={name}
        value={field.value ?? ''}
        onChange={field.onChange}
        onBlur={field.onBlur}
        problem={fieldState.error?.message}
        isDisabled={isDisabled ?? false}
        autoFocus={autoFocus ?? false}
      />
    )}
  />
)
