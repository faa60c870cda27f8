import { describe, expect, test } from 'vitest'
import { clinicSettings, serviceSettings, ticketLetter } from './settings.ts'

describe('settings of a clinic', () => {
  test('what is left out is not touched; only the no-show timer and what patients read can be taken away', () => {
    expect(clinicSettings({})).toEqual({})
    expect(clinicSettings({ name: null, timeZone: null, languages: null })).toEqual({})
    const gone = { noShowMinutes: null, address: null, directions: null }
    expect(clinicSettings(gone)).toEqual(gone)
  })

  test('countries are those of the server’s list, where it has one', () => {
    const given = { allowedCountries: ['us', 'CA', 'US'] }
    expect(clinicSettings(given)).toEqual({ allowedCountries: ['CA', 'US'] })
    expect(clinicSettings(given, ['US', 'CA', 'MX'])).toEqual({ allowedCountries: ['CA', 'US'] })
    expect(() => clinicSettings(given, ['US'])).toThrow('one of those to which this server sends: US')
  })

  test('are stored in one form', () => {
    expect(
      clinicSettings({
        name: ' North ',
        timeZone: 'europe/berlin',
        dayStartsAt: '04:30',
        languages: ['EN', 'pt-br', 'en'],
        messageRoute: 'PUSH_FIRST',
        quietFrom: '21:30',
        quietTo: '00:00',
        dailySmsCap: 0,
        address: ' 1 Quay Street\r\nHarbour ',
        directions: '  ',
      }),
    ).toEqual({
      ...{ name: 'North', timeZone: 'Europe/Berlin', dayStartsAt: 270, languages: ['en', 'pt-BR'] },
      ...{ messageRoute: 'PUSH_FIRST', quietFrom: 1290, quietTo: 0, dailySmsCap: 0 },
      ...{ address: '1 Quay Street\nHarbour', directions: null },
    })
  })

  test.each([
    [{ name: '' }, 'at least one character'],
    [{ timeZone: 'Berlin' }, 'IANA'],
    [{ timeZone: '+01:00' }, 'IANA'],
    [{ dayStartsAt: '24:00' }, '00:00 to 23:59'],
    [{ dayStartsAt: '4:00' }, '00:00 to 23:59'],
    [{ graceMinutes: -1 }, 'from 0 to 1440'],
    [{ undoSeconds: 3601 }, 'from 0 to 3600'],
    [{ noShowMinutes: 0 }, 'from 1 to 1440'],
    [{ languages: [] }, 'at least one language'],
    [{ quietFrom: '24:00' }, '00:00 to 23:59'],
    [{ quietTo: '8' }, '00:00 to 23:59'],
    [{ allowedCountries: ['USA'] }, 'two letters of a country'],
    [{ allowedCountries: ['US', 'XX'] }, 'two letters of a country'],
    [{ address: 'x'.repeat(201) }, 'at most 200 characters'],
    [{ directions: 'x'.repeat(301) }, 'at most 300 characters'],
    [{ dailySmsCap: -1 }, 'from 0 to 100000'],
    [{ dailySmsCap: 100_001 }, 'from 0 to 100000'],
    [{ languages: ['en', '?'] }, 'language tag'],
  ])('%j is refused', (input, message) => {
    expect(() => clinicSettings(input)).toThrow(message)
  })
})

test('slots are 5 minutes to 8 hours long', () => {
  expect(serviceSettings({ slotMinutes: 5, bookedLeadMinutes: 0 })).toEqual({ slotMinutes: 5, bookedLeadMinutes: 0 })
  expect(() => serviceSettings({ slotMinutes: 4 })).toThrow('from 5 to 480')
  expect(() => serviceSettings({ slotMinutes: 481 })).toThrow('from 5 to 480')
  expect(() => serviceSettings({ bookedLeadMinutes: -1 })).toThrow('from 0 to 1440')
})

test('it is almost a patient’s turn at a position from 1 to 50 or within 4 hours', () => {
  const input = { almostPosition: 1, almostMinutes: 0 }
  expect(serviceSettings(input)).toEqual(input)
  for (const almostPosition of [0, 51, 1.5]) expect(() => serviceSettings({ almostPosition })).toThrow('from 1 to 50')
  for (const almostMinutes of [-1, 241]) expect(() => serviceSettings({ almostMinutes })).toThrow('from 0 to 240')
})

test('a ticket letter is a capital, or two', () => {
  expect(['g', ' V ', 'AB'].map(ticketLetter)).toEqual(['G', 'V', 'AB'])
  for (const wrong of ['', '1', 'ABC', 'Ä', 'G-']) expect(() => ticketLetter(wrong)).toThrow('letter from A to Z')
})
