type Option = { id: string; name: string }

/** Any of a few. */
export const Checks = ({
  label,
  options,
  chosen,
  onChange,
}: {
  label: string
  options: readonly Option[]
  chosen: readonly string[]
  onChange: (ids: string[]) => void
}) => (
  <fieldset className="checks">
    <legend className="small quiet">{label}</legend>
    {options.map(({ id, name }) => (
      <Check
        key={id}
        label={name}
        isChosen={chosen.includes(id)}
        onChange={(isOn) => onChange(isOn ? [...chosen, id] : chosen.filter((one) => one !== id))}
      />
    ))}
  </fieldset>
)

export const Check = ({
  label,
  isChosen,
  onChange,
}: {
  label: string
  isChosen: boolean
  onChange: (isOn: boolean) => void
}) => (
  <label className="check">
    <input type="checkbox" checked={isChosen} onChange={(event) => onChange(event.target.checked)} />
    <span>{label}</span>
  </label>
)
