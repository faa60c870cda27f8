import { Button } from 'react-aria-components/Button'
import { Label } from 'react-aria-components/Label'
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox'
import { Popover } from 'react-aria-components/Popover'
import { Select, SelectValue } from 'react-aria-components/Select'

type Option = { id: string; name: string }

type Props = {
  label: string
  value: string | null
  options: readonly Option[]
  onChange: (id: string) => void
}

/** One of a few, behind a button. */
export const Choice = ({ label, value, options, onChange }: Props) => (
  <Select className="field" value={value} onChange={(key) => key !== null && onChange(String(key))}>
    <Label className="label">{label}</Label>
    <Button className="button choice-button">
      <SelectValue />
      <span aria-hidden="true">▾</span>
    </Button>
    <Popover className="menu">
      <ListBox items={options as Option[]}>
        {({ id, name }) => (
          <ListBoxItem id={id} textValue={name} className="menu-item">
            {name}
          </ListBoxItem>
        )}
      </ListBox>
    </Popover>
  </Select>
)
