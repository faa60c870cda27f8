import { expect, it } from 'vitest'
import { freeLetters } from './cast.ts'
import { parseOptions, UsageError } from './options.ts'

const parse = (...args: string[]) => parseOptions(args, 'small.csv')

it.each([
  [[], {}],
  [['day.csv', '--speed', 'max', '--json'], { file: 'day.csv', speed: null, json: true }],
  [['day.csv', '--date', '2019-11-04', '--speed=0.5'], { file: 'day.csv', date: '2019-11-04', speed: 0.5 }],
  [['--instances', '3'], { instances: 3 }],
  [['--instances', '2', '--wire', 'redis', '--seed', '17'], { instances: 2, wire: 'redis', seed: 17 }],
])('the command line %j is understood', (args, options) => {
  const unlessTold = {
    file: 'small.csv',
    date: null,
    speed: 60,
    json: false,
    instances: null,
    wire: 'notify',
    seed: null,
  }
  expect(parse(...args)).toEqual({ ...unlessTold, ...options })
})

it.each([
  [['a.csv', 'b.csv']],
  [['--speed', 'fast']],
  [['--speed', '0']],
  [['--faster']],
  [['--date']],
  [['--instances', '1']],
  [['--instances', '3', '--wire', 'pigeon']],
  [['--wire', 'redis']],
])('the command line %j is refused', (args) => {
  expect(() => parse(...args)).toThrow(UsageError)
})

it('asks for help', () => {
  expect(parse('--help')).toBe('help')
})

it('the services of a replay take ticket letters that nobody has', () => {
  expect(freeLetters(['A', 'C'], 3)).toEqual(['B', 'D', 'E'])
  const single = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  expect(freeLetters([...single, 'AA'], 2)).toEqual(['AB', 'AC'])
})
