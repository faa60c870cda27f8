import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { dark, light, motionMs, radius, step } from './tokens.ts'

const css = readFileSync(new URL('../../web/tokens.css', import.meta.url), 'utf8')

it('are the tokens of every other screen', () => {
  const pairs = [...css.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\);/g)]
    .map(([, name = '', ...colours]) => [
      name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
      ...colours,
    ])
    // By these the staff's screens tell services apart.
    .filter(([name]) => !name?.startsWith('mark'))
    .sort()
  expect(pairs.length).toBeGreaterThan(10)
  expect(
    Object.keys(light)
      .map((name) => [name, light[name as keyof typeof light], dark[name as keyof typeof dark]])
      .sort(),
  ).toEqual(pairs)
  expect(css).toContain(`--step: ${step}px`)
  expect(css).toContain(`--radius: ${radius}px`)
  expect(css).toContain(`--motion: ${motionMs}ms`)
})
