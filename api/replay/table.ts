import type { Delay, Report } from './checks.ts'

/** What is said of a played day beside its checks. */
export type Setting = {
  date: string
  speed: number | null
  doctors: number
  services: number
  delayedCalls: number
  /** From the first arrival to the last visit's end, as played. */
  playedSeconds: number
}

/** A recorded second as people read it; after midnight it goes on. */
export const clockText = (second: number): string =>
  [second / 3600, (second / 60) % 60].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':')

const ms = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} ms`)
const pair = ({ p50, p99 }: Delay): string => `${ms(p50)} / ${ms(p99)}`

/** The result as a table, faults with examples beneath. */
export const tableOf = (report: Report, setting: Setting): string => {
  const rows: [string, string][] = [
    ['arrivals', String(report.arrivals)],
    ['calls', String(report.calls)],
    ...report.checks.map(({ name, count }): [string, string] => [name, `${count}${count === 0 ? '' : '   ✗'}`]),
    ['push delay after the answer, p50 / p99', pair(report.pushAfterAnswer)],
    ['push delay after the request, p50 / p99', pair(report.pushAfterRequest)],
    ['longest queue', String(report.longestQueue)],
    ['doctors, services', `${setting.doctors}, ${setting.services}`],
    ['calls delayed, every doctor busy', String(setting.delayedCalls)],
    ['messages to watchers', String(report.messages)],
    ['played in', `${setting.playedSeconds.toFixed(1)} s`],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const examples = report.checks.flatMap(({ name, examples }) => examples.map((example) => `  ${name}: ${example}`))
  const title = `Recorded day ${setting.date}, speed ${setting.speed ?? 'max'}`
  return [
    title,
    '─'.repeat(title.length),
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...(examples.length > 0 ? ['', ...examples] : []),
    '',
    report.isRight ? 'Every check holds.' : 'A check failed.',
  ].join('\n')
}

/** The result as one line for other programs. */
export const jsonOf = (report: Report, setting: Setting): string =>
  JSON.stringify({
    ...setting,
    speed: setting.speed ?? 'max',
    arrivals: report.arrivals,
    calls: report.calls,
    checks: Object.fromEntries(report.checks.map(({ name, count }) => [name, count])),
    pushAfterAnswerMs: report.pushAfterAnswer,
    pushAfterRequestMs: report.pushAfterRequest,
    messages: report.messages,
    longestQueue: report.longestQueue,
    isRight: report.isRight,
  })
