import { useTranslation } from 'react-i18next'
import type { ServiceColor } from '../generated/admin.ts'

const NONE = 'NONE'
const colors = [
  'TEAL',
  'BLUE',
  'VIOLET',
  'ROSE',
  'CLAY',
  'OLIVE',
  'SLATE',
  'BROWN',
] as const satisfies readonly ServiceColor[]

type Props = { chosen: ServiceColor | null; onChange: (color: ServiceColor | null) => void }

/** One of the palette by its name, or none. */
export const ColorChoice = ({ chosen, onChange }: Props) => {
  const { t } = useTranslation()
  return (
    <fieldset className="checks colors">
      <legend className="small quiet">{t('admin.services.color')}</legend>
      {[NONE, ...colors].map((color) => (
        <label className="check" key={color}>
          <input
            type="radio"
            name="color"
            checked={(chosen ?? NONE) === color}
            onChange={() => onChange(colors.find((one) => one === color) ?? null)}
          />
          <span>
            {color !== NONE && <span className="service-mark" data-color={color} aria-hidden="true" />}
            {t(`admin.services.colors.${color as ServiceColor | typeof NONE}`)}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
