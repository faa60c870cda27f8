import { expect, it } from 'vitest'
import { freeLetters } from './cast.ts'
import { parseOptions, UsageError } from './options.ts'

const parse = (...args: string[]) => parseOptions(args, 'small.csv')

it.each([
  [[], { file: 'small.csv', date: null, speed: 60, json: false }],
  [['day.csv', '--speed', 'max', '--json'], { file: 'day.csv', date: null, speed: null, json: true }],
  [
    ['day.csv', '--date', '2019-11-04', '--speed=0.5'],
    { file: 'day.csv', date: '2019-11-04', speed: 0.5, json: false },
  ],
])('the command line %j is understood', (args, options) => {
  expect(parse(...args)).toEqual(options)
})

it.each([[['a.csv', 'b.csv']], [['--speed', 'fast']], [['--speed', '0']], [['--faster']], [['--date']]])(
  'the command line %j is refused',
  (args) => {
    expect(() => parse(...args)).toThrow(UsageError)
  },
)

it('asks for help', () => {
  expect(parse('--help')).toBe('help')
})

it('the services of a replay take ticket letters that nobody has', () => {
  expect(freeLetters(['A', 'C'], 3)).toEqual(['B', 'D', 'E'])
  const single = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  expect(freeLetters([...single, 'AA'], 2)).toEqual(['AB', 'AC'])
})
