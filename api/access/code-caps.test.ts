import { describe, expect, test } from 'vitest'
import { brokenCap, type CodeCap, codeCaps, networkOf, prefixOf, type SentLately } from './code-caps.ts'

const none: SentLately = { number: 0, prefix: 0, network: 0, strangers: 0, hour: 0, day: 0 }
const known = { anHour: 20, isStranger: false }

describe('caps of codes', () => {
  test('of twenty an hour, half for one network, a quarter for strangers, a hundred a day', () => {
    expect(codeCaps(20)).toEqual({ number: 5, prefix: 20, network: 10, strangers: 5, hour: 20, day: 100 })
    expect(codeCaps(1)).toMatchObject({ network: 1, strangers: 1, hour: 1, day: 5 })
  })

  test('let the first one through, and the last one below each of them, but no more', () => {
    expect(brokenCap(none, known)).toBeNull()
    for (const [cap, most] of Object.entries(codeCaps(20)) as [CodeCap, number][]) {
      const stranger = { anHour: 20, isStranger: true }
      expect(brokenCap({ ...none, [cap]: most - 1 }, stranger)).toBeNull()
      expect(brokenCap({ ...none, [cap]: most }, stranger)).toBe(cap)
    }
  })

  test('that strangers have used up are none for patients whom a clinic knows', () => {
    expect(brokenCap({ ...none, strangers: 5, hour: 5, day: 5 }, known)).toBeNull()
  })
})

test.each([
  ['203.0.113.7', '203.0.113'],
  ['::ffff:203.0.113.7', '203.0.113'],
  ['2001:db8:0:1:aaaa::7', '2001:db8:0:1'],
  ['2001:0DB8::1:0:0:0:7', '2001:db8:0:1'],
  ['2001:db8::7', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['127.0.0.1', null],
  ['::1', null],
  ['', null],
])('the network of %s is %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})

test('numbers that differ only behind the seventh digit begin alike', () => {
  expect(prefixOf('+13035550100')).toBe(prefixOf('+13035559999'))
  expect(prefixOf('+13035550100')).not.toBe(prefixOf('+13035560100'))
})
