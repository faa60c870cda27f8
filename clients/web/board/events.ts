import type { TFunction } from 'i18next'
import { later } from '../locales/en-later.ts'

/** The name of what happened, as the API's QueueEvent.kind says it; one that this version does not know is shown as it came. */
export const nameOfKind = (kind: string, t: TFunction): string =>
  kind in later.event ? t(`event.${kind as keyof typeof later.event}`) : kind
