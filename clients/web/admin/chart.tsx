import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { csvOf } from './csv.ts'

export type Cell = string | number | null
export type Line = {
  key: string
  cells: readonly Cell[]
  /** What is drawn of it: the same as in the cells, so that nobody needs the drawing. */
  bar: number | null
  /** The second length, drawn behind the first. */
  behind?: number | null
}

type Props = {
  title: string
  /** What the drawing shows. */
  note: string
  heads: readonly string[]
  lines: readonly Line[]
  fileName: string
}

const round = (value: number): number => Math.round(value * 10) / 10

/** Minutes and counts as people read them; unknown is a dash. */
export const shownAs = (cell: Cell): string =>
  cell === null ? '–' : typeof cell === 'number' ? String(round(cell)) : cell

/** Bars, the table of the same beside them, and the same as a file. */
export const Chart = ({ title, note, heads, lines, fileName }: Props) => {
  const { t } = useTranslation()
  const most = Math.max(1, ...lines.flatMap(({ bar, behind }) => [bar ?? 0, behind ?? 0]))
  const download = () => {
    const rows = [
      heads,
      ...lines.map(({ cells }) => cells.map((cell) => (typeof cell === 'number' ? round(cell) : cell))),
    ]
    const url = URL.createObjectURL(new Blob([csvOf(rows)], { type: 'text/csv;charset=utf-8' }))
    const link = document.createElement('a')
    link.href = url
    link.download = `${fileName}.csv`
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 1000)
  }
  return (
    <section className="chart" aria-label={title}>
      <div className="chart-head">
        <h2>{title}</h2>
        {lines.length > 0 && (
          <Button kind="plain" aria-label={t('admin.figures.csvOf', { title })} onPress={download}>
            {t('admin.figures.csv')}
          </Button>
        )}
      </div>
      {lines.length === 0 ? (
        <p className="quiet">{t('admin.figures.none')}</p>
      ) : (
        <div className="chart-body">
          <div className="bars" aria-hidden="true">
            <p className="small quiet">{note}</p>
            {lines.map(({ key, cells, bar, behind }) => (
              <div className="bar-row" key={key}>
                <span className="small">{shownAs(cells[0] ?? null)}</span>
                <span className="bar-track">
                  <span className="bar is-behind" style={{ inlineSize: `${((behind ?? 0) / most) * 100}%` }} />
                  <span className="bar" style={{ inlineSize: `${((bar ?? 0) / most) * 100}%` }} />
                </span>
              </div>
            ))}
          </div>
          <table className="figures">
            <caption className="only-read">{title}</caption>
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {lines.map(({ key, cells }) => (
                <tr key={key}>
                  {cells.map((cell, at) =>
                    at === 0 ? (
                      <th key={heads[at]} scope="row">
                        {shownAs(cell)}
                      </th>
                    ) : (
                      <td key={heads[at]}>{shownAs(cell)}</td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
