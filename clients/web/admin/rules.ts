import type { TFunction } from 'i18next'
import * as z from 'zod'
import { minutesOf, typedTime } from './typed-hours.ts'

/** A number as it is typed. */
export const whole = (t: TFunction, min: number, max: number) =>
  z
    .string()
    .refine(
      (text) => /^\s*\d+\s*$/.test(text) && Number(text) >= min && Number(text) <= max,
      t('admin.whole', { min, max }),
    )

export const filled = (t: TFunction, max: number) => z.string().trim().min(1, t('admin.missing')).max(max)

/** A time of day as it is typed; midnight is 00:00. */
export const timeOfDay = (t: TFunction) =>
  z.string().refine((text) => {
    const time = typedTime(text)
    return time !== null && minutesOf(time) < 24 * 60
  }, t('admin.timeForm'))

const isZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}

/** A time zone by its name. */
export const zone = (t: TFunction) => z.string().trim().refine(isZone, t('admin.clinic.timeZoneForm'))

export const ticketLetter = (t: TFunction) => z.string().regex(/^\s*[A-Za-z]{1,2}\s*$/, t('admin.services.letterForm'))

export const username = (t: TFunction) =>
  z.string().refine((name) => /^[a-z0-9._-]{3,40}$/i.test(name.trim()), t('admin.people.usernameForm'))

export const newPassword = (t: TFunction) => z.string().min(8, t('admin.people.passwordForm'))
