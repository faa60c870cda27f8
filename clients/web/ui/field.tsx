import type { ReactNode } from 'react'
import { FieldError } from 'react-aria-components/FieldError'
import { Input } from 'react-aria-components/Input'
import { Label } from 'react-aria-components/Label'
import { TextField, type TextFieldProps } from 'react-aria-components/TextField'

type Props = Omit<TextFieldProps, 'className' | 'children' | 'style'> & {
  label: string
  problem?: string | undefined
  hint?: ReactNode
  placeholder?: string
}

/** One line of text with its label and, where something is wrong with it, what would be right. */
export const Field = ({ label, problem, hint, placeholder, ...rest }: Props) => (
  <TextField {...rest} className="field" isInvalid={Boolean(problem)} validationBehavior="aria">
    <Label>{label}</Label>
    <Input className="input" {...(placeholder ? { placeholder } : {})} />
    {hint && <span className="small quiet">{hint}</span>}
    <FieldError className="problem">{problem}</FieldError>
  </TextField>
)
