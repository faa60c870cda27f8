import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { type Cell, rounded, shownAs } from './cell.ts'
import { csvOf } from './csv.ts'
import { Drawing, type Look } from './drawing.tsx'

/** A column of the table; with a look it is drawn, too. */
export type Column = { name: string; look?: Look; values: readonly Cell[] }

type Props = {
  title: string
  /** What the lines are of, as in Hour. */
  head: string
  /** No two are the same. */
  labels: readonly string[]
  /** The labels as they stand under the drawing, where there is less room. */
  ticks?: readonly string[]
  columns: readonly Column[]
  fileName: string
  /** Shows the visits behind a line. */
  onPick?: (at: number) => void
}

const numbers = (values: readonly Cell[]) => values.map((value) => (typeof value === 'number' ? value : null))

/** A drawing, the table of the same beside it, and the same as a file. */
export const Chart = ({ title, head, labels, ticks = labels, columns, fileName, onPick }: Props) => {
  const { t } = useTranslation()
  const download = () => {
    const rows = [
      [head, ...columns.map(({ name }) => name)],
      ...labels.map((label, at) => [
        label,
        ...columns.map(({ values }) => {
          const value = values[at] ?? null
          return typeof value === 'number' ? rounded(value) : value
        }),
      ]),
    ]
    const url = URL.createObjectURL(new Blob([csvOf(rows)], { type: 'text/csv;charset=utf-8' }))
    const link = document.createElement('a')
    link.href = url
    link.download = `${fileName}.csv`
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 1000)
  }
  const isEmpty = columns.every(({ values }) => values.every((value) => value === null || value === 0))
  const drawn = columns.flatMap(({ name, look, values }) => (look ? [{ name, look, values: numbers(values) }] : []))
  return (
    <section className="chart" aria-label={title}>
      <div className="chart-head">
        <h2>{title}</h2>
        {!isEmpty && (
          <Button kind="plain" aria-label={t('admin.figures.csvOf', { title })} onPress={download}>
            {t('admin.figures.csv')}
          </Button>
        )}
      </div>
      {isEmpty ? (
        <p className="quiet">{t('admin.figures.none')}</p>
      ) : (
        <div className="chart-body">
          <Drawing labels={ticks} series={drawn} onPick={onPick} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys, too. */}
          <section className="figures-frame" aria-label={t('admin.figures.tableOf', { title })} tabIndex={0}>
            <table className="figures">
              <caption className="only-read">{title}</caption>
              <thead>
                <tr>
                  {[head, ...columns.map(({ name }) => name)].map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {labels.map((label, at) => (
                  <tr key={label}>
                    <th scope="row">
                      {onPick ? (
                        <button
                          type="button"
                          className="pick"
                          aria-label={t('admin.figures.visitsOf', { what: label })}
                          onClick={() => onPick(at)}
                        >
                          {label}
                        </button>
                      ) : (
                        label
                      )}
                    </th>
                    {columns.map(({ name, values }) => (
                      <td key={name}>{shownAs(values[at] ?? null)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      )}
    </section>
  )
}
