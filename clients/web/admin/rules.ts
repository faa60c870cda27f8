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
