import { FieldError } from 'react-aria-components/FieldError'
import { Label } from 'react-aria-components/Label'
import { TextArea } from 'react-aria-components/TextArea'
import { TextField } from 'react-aria-components/TextField'
import { type Control, Controller, type FieldPath, type FieldValues } from 'react-hook-form'

type Props<Values extends FieldValues> = {
  control: Control<Values>
  name: FieldPath<Values>
  label: string
  hint: string
}

/** A field of a form for a few lines: one line would swallow the ends of those that are there. */
export const LinesField = <Values extends FieldValues>({ control, name, label, hint }: Props<Values>) => (
  <Controller
    control={control}
    name={name}
    render={({ field, fieldState }) => (
      <TextField
        className="field"
        name={name}
        value={field.value ?? ''}
        onChange={field.onChange}
        onBlur={field.onBlur}
        isInvalid={fieldState.invalid}
        validationBehavior="aria"
      >
        <Label>{label}</Label>
        <TextArea className="input" rows={3} />
        <span className="small quiet">{hint}</span>
        <FieldError className="problem">{fieldState.error?.message}</FieldError>
      </TextField>
    )}
  />
)
