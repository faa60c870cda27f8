import { qrOfCode } from '@anteroom/api/patient/qr'
import { View } from 'react-native'
import { encode } from 'uqr'

/** As large as a desk's scanner likes it, with the empty border that it needs. */
const MODULE = 8
const BORDER = 4

type Bar = { id: string; x: number; y: number; length: number }

/** Dark modules that lie side by side are one bar. */
const barsOf = (rows: readonly (readonly boolean[])[]): Bar[] =>
  rows.flatMap((row, y) => {
    const bars: Bar[] = []
    row.forEach((isDark, x) => {
      const last = bars.at(-1)
      if (isDark && last && last.x + last.length === x) last.length += 1
      else if (isDark) bars.push({ id: `${x} ${y}`, x, y, length: 1 })
    })
    return bars
  })

/** The patient's code as a desk scans it: always dark on light, whatever the reader's device is set to. */
export const Qr = ({ code, label }: { code: string; label: string }) => {
  const { data, size } = encode(qrOfCode(code), { ecc: 'M', border: BORDER })
  return (
    <View
      role="img"
      aria-label={label}
      accessible
      testID="qr"
      style={{ width: size * MODULE, height: size * MODULE, backgroundColor: '#ffffff', alignSelf: 'center' }}
    >
      {barsOf(data).map(({ id, x, y, length }) => (
        <View
          key={id}
          style={{
            position: 'absolute',
            left: x * MODULE,
            top: y * MODULE,
            width: length * MODULE,
            height: MODULE,
            backgroundColor: '#000000',
          }}
        />
      ))}
    </View>
  )
}
