import { useEffect, useState } from 'react'

type Code = { size: number; path: string }

/** Each dark square as a step of one line. */
const pathOf = (rows: readonly (readonly boolean[])[]): string =>
  rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')

/** A text as a QR code, dark on light in every theme, for scanners need it so. What draws it is loaded when it is first shown. */
export const QrCode = ({ text, label }: { text: string; label: string }) => {
  const [code, setCode] = useState<Code | null>(null)
  useEffect(() => {
    let isOver = false
    void import('uqr').then(({ encode }) => {
      const { size, data } = encode(text, { border: 4, ecc: 'M' })
      if (!isOver) setCode({ size, path: pathOf(data) })
    })
    return () => {
      isOver = true
    }
  }, [text])
  return (
    <svg className="qr-code" viewBox={`0 0 ${code?.size ?? 33} ${code?.size ?? 33}`} role="img" aria-label={label}>
      <rect width="100%" height="100%" fill="#fff" />
      {code && <path d={code.path} fill="#000" shapeRendering="crispEdges" />}
    </svg>
  )
}
