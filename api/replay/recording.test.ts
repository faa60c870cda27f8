import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { chooseDay, parseRecording } from './recording.ts'

const HEAD = 'visit,date,arrived_at,called_at,completed_at,doctor_type'
const parse = (...lines: string[]) => parseRecording([HEAD, ...lines].join('\n'))
const first = (line: string) => parse(line).get('2019-11-04')?.[0]

describe('a recording', () => {
  it('holds visits with their times as seconds of the day', () => {
    expect(first('C1,2019-11-04,08:00:37,09:11:33,09:13:31,ANCHOR')).toEqual({
      id: 'C1',
      doctorType: 'ANCHOR',
      arrivedAt: 28_837,
      calledAt: 33_093,
      completedAt: 33_211,
    })
  })

  it('may leave out the end of a visit, or its call', () => {
    expect(first('C1,2019-11-04,08:00:00,08:10:00,,ANCHOR')).toMatchObject({ calledAt: 29_400, completedAt: null })
    expect(first('C1,2019-11-04,08:00:00,,,ANCHOR')).toMatchObject({ calledAt: null, completedAt: null })
  })

  it('goes on after midnight', () => {
    expect(first('C1,2019-11-04,23:50:00,00:10:00,00:20:00,ANCHOR')).toMatchObject({
      arrivedAt: 85_800,
      calledAt: 87_000,
      completedAt: 87_600,
    })
  })

  it('is read with a byte order mark, Windows line ends and blank lines', () => {
    const text = `\uFEFF${HEAD}\r\nC1,2019-11-04,08:00:00,08:10:00,,ANCHOR\r\n\r\n`
    expect(parseRecording(text).get('2019-11-04')).toHaveLength(1)
  })

  it('is split by day, each day in order of arrival', () => {
    const days = parse(
      'C1,2019-11-04,09:00:00,09:10:00,,A',
      'C2,2019-11-05,08:00:00,08:10:00,,A',
      'C3,2019-11-04,08:00:00,08:10:00,,A',
    )
    expect([...days].map(([date, visits]) => [date, visits.map(({ id }) => id)])).toEqual([
      ['2019-11-04', ['C3', 'C1']],
      ['2019-11-05', ['C2']],
    ])
  })

  it.each([
    ['too few columns', 'C1,2019-11-04,08:00:00', /Line 2: has 3 columns and should have 6/],
    ['a date in another form', 'C1,4.11.2019,08:00:00,08:10:00,,A', /Line 2: date must be as in 2019-11-04/],
    ['a time in another form', 'C1,2019-11-04,8:00,08:10:00,,A', /Line 2: arrived_at must be a time/],
    ['a call before the arrival', 'C1,2019-11-04,09:00:00,08:10:00,,A', /Line 2: called_at is before arrived_at/],
    [
      'an end before the call',
      'C1,2019-11-04,08:00:00,08:10:00,08:09:59,A',
      /Line 2: completed_at is before called_at/,
    ],
    [
      'an end without a call',
      'C1,2019-11-04,08:00:00,,08:09:59,A',
      /Line 2: completed_at is set, and called_at is not/,
    ],
    ['no doctor type', 'C1,2019-11-04,08:00:00,08:10:00,,', /Line 2: doctor_type/],
    ['no visit', ',2019-11-04,08:00:00,08:10:00,,A', /Line 2: visit is empty/],
  ])('is refused for %s, with the line', (_, line, words) => {
    expect(() => parse(line)).toThrow(words)
  })

  it('is refused when it names a visit twice, lacks its head, or is empty', () => {
    const line = 'C1,2019-11-04,08:00:00,08:10:00,,A'
    expect(() => parse(line, line)).toThrow('Line 3: visit C1 is there twice on 2019-11-04.')
    expect(() => parseRecording('a,b,c\n')).toThrow(/Line 1 must be visit,date/)
    expect(() => parse()).toThrow('holds no visit')
  })
})

describe('the day to play', () => {
  const two = parse('C1,2019-11-04,08:00:00,08:10:00,,A', 'C2,2019-11-05,08:00:00,08:10:00,,A')

  it('is the one asked for, or the only one', () => {
    expect(chooseDay(two, '2019-11-05').visits).toHaveLength(1)
    expect(chooseDay(parse('C1,2019-11-04,08:00:00,08:10:00,,A'), null).date).toBe('2019-11-04')
  })

  it('must be chosen where there are several, and must be there', () => {
    expect(() => chooseDay(two, null)).toThrow(/choose one with --date: 2019-11-04 \(1 visits\), 2019-11-05/)
    expect(() => chooseDay(two, '2019-11-06')).toThrow('no visit on 2019-11-06')
  })
})

describe('the made-up day', () => {
  it('is small, has visits without an end, and three types of doctor', () => {
    const text = readFileSync(new URL('small-day.csv', import.meta.url), 'utf8')
    const { visits } = chooseDay(parseRecording(text), null)
    expect(visits).toHaveLength(72)
    expect(visits.filter(({ completedAt }) => completedAt === null)).toHaveLength(5)
    expect(new Set(visits.map(({ doctorType }) => doctorType)).size).toBe(3)
  })
})
