import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { serviceColors } from '../../../api/clinic/settings.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const tokens = new Map(
  [...read('../tokens.css').matchAll(/--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)

/** Relative luminance as WCAG 2 defines it. */
const luminance = (color: string): number => {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const contrast = (one: string, other: string): number => {
  const [low, high] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

it.each(serviceColors)('%s is drawn, and seen on every ground by day and in the dark', (color) => {
  const name = `mark-${color.toLowerCase()}`
  const mark = tokens.get(name)
  expect(read('../ui/ui.css')).toContain(`[data-color="${color}"] {\n  --mark: var(--${name});`)
  for (const ground of ['grey-0', 'grey-1', 'grey-2', 'accent-tint'])
    for (const scheme of ['light', 'dark'] as const)
      expect(
        contrast(mark?.[scheme] ?? '', tokens.get(ground)?.[scheme] ?? ''),
        `${ground} ${scheme}`,
      ).toBeGreaterThanOrEqual(3)
})
