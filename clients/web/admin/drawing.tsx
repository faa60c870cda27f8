import { Bar, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { shownAs } from './cell.ts'

/** How a series is drawn: as bars, as a line, or as the dashed line of the time before. */
export type Look = 'bar' | 'light' | 'stacked' | 'line' | 'before'

export type Series = { name: string; look: Look; values: readonly (number | null)[] }

type Props = { labels: readonly string[]; series: readonly Series[]; onPick?: ((at: number) => void) | undefined }

const MOST_BARS = 62
/** So few labels all have room. */
const FEW = 5

const isLine = (look: Look, count: number): boolean => look === 'line' || look === 'before' || count > MOST_BARS

/** Bars and lines over the same labels. The table beside it says the same, so it is not there for who cannot see it. */
export const Drawing = ({ labels, series, onPick }: Props) => {
  const data = labels.map((label, at) => ({
    label,
    ...Object.fromEntries(series.map(({ values }, index) => [`s${index}`, values[at] ?? null])),
  }))
  const pick = ({ activeTooltipIndex }: { activeTooltipIndex?: unknown }) => {
    // Nothing is under a pointer that has not moved yet; a bar then tells by itself.
    const at = activeTooltipIndex == null ? -1 : Number(activeTooltipIndex)
    if (onPick && Number.isInteger(at) && at >= 0 && at < labels.length) onPick(at)
  }
  return (
    <div className={onPick ? 'drawing can-pick' : 'drawing'} aria-hidden="true">
      <ul className="legend small">
        {series.map(({ name, look }) => (
          <li key={name}>
            <span className={`swatch is-${look}${isLine(look, labels.length) ? ' is-line' : ''}`} /> {name}
          </li>
        ))}
      </ul>
      <ResponsiveContainer width="100%" height={220} minWidth={0} initialDimension={{ width: 320, height: 220 }}>
        <ComposedChart
          data={data}
          margin={{ top: 8, right: 4, bottom: 0, left: 0 }}
          barGap={1}
          barCategoryGap="20%"
          accessibilityLayer={false}
          onClick={pick}
        >
          <CartesianGrid vertical={false} stroke="var(--grey-3)" />
          <XAxis
            dataKey="label"
            tick={{ fill: 'var(--text-quiet)', fontSize: 12 }}
            stroke="var(--grey-5)"
            tickLine={false}
            minTickGap={8}
            interval={labels.length <= FEW ? 0 : 'preserveEnd'}
          />
          <YAxis
            width={36}
            tick={{ fill: 'var(--text-quiet)', fontSize: 12 }}
            stroke="var(--grey-5)"
            tickLine={false}
            axisLine={false}
            allowDecimals={false}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: 'var(--grey-3)', fillOpacity: 0.5, stroke: 'none' }}
            contentStyle={{
              background: 'var(--surface)',
              color: 'var(--text)',
              border: 'var(--hairline)',
              borderRadius: 'var(--radius)',
              fontSize: 12,
            }}
            itemStyle={{ color: 'var(--text)' }}
            formatter={(value) => shownAs(typeof value === 'number' ? value : null)}
          />
          {series.map(({ name, look }, index) =>
            isLine(look, labels.length) ? (
              <Line
                key={name}
                name={name}
                dataKey={`s${index}`}
                type="linear"
                stroke={look === 'before' ? 'var(--grey-6)' : look === 'bar' ? 'var(--accent)' : 'var(--urgent)'}
                strokeWidth={2}
                {...(look === 'before' ? { strokeDasharray: '4 3' } : {})}
                dot={labels.length === 1}
                connectNulls
                isAnimationActive={false}
              />
            ) : (
              <Bar
                key={name}
                name={name}
                dataKey={`s${index}`}
                fill={look === 'light' ? 'var(--accent-tint)' : look === 'stacked' ? 'var(--urgent)' : 'var(--accent)'}
                stroke={look === 'stacked' ? 'var(--urgent)' : 'var(--accent)'}
                maxBarSize={28}
                onClick={(_, at) => onPick?.(at)}
                isAnimationActive={false}
              />
            ),
          )}
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  )
}
