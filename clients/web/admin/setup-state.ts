/** What a new clinic is asked, one after the other. */
export const steps = ['clinic', 'services', 'doctors', 'hours', 'desk'] as const
export type SetupStep = (typeof steps)[number]

/** What the clinic has already. */
export type SoFar = {
  address: string | null
  services: readonly object[]
  doctors: readonly { hours: readonly object[] }[]
  hasDesk: boolean
}

/** What is done, whoever did it and on whatever device: it is read from the clinic itself. `passed`: what this device was told to leave. */
export const doneOf = ({ address, services, doctors, hasDesk }: SoFar, passed: readonly SetupStep[]): SetupStep[] => {
  const isDone: Record<SetupStep, boolean> = {
    clinic: address !== null || services.length > 0 || passed.includes('clinic'),
    services: services.length > 0,
    doctors: doctors.length > 0,
    hours: doctors.length > 0 && doctors.every(({ hours }) => hours.length > 0),
    desk: hasDesk,
  }
  return steps.filter((step) => isDone[step])
}

/** Where to go on: the first step that is neither done nor passed over; at the end the last one. */
export const firstOpen = (done: readonly SetupStep[], passed: readonly SetupStep[]): SetupStep =>
  steps.find((step) => !done.includes(step) && !passed.includes(step)) ?? 'desk'

/** A ticket letter for a service of this name: its own letters first, then the rest of the alphabet; two letters where all are taken. */
export const letterFor = (name: string, taken: readonly string[]): string => {
  const own = name
    .normalize('NFD')
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
  const free = (letters: string) => [...letters].find((letter) => !taken.includes(letter))
  if (own === '') return ''
  return free(own) ?? free('ABCDEFGHIJKLMNOPQRSTUVWXYZ') ?? own.slice(0, 2).padEnd(2, 'X')
}

const key = (clinicId: string): string => `anteroom.setup.${clinicId}`
export const FINISHED = 'finished'

const kept = (clinicId: string): string[] => localStorage.getItem(key(clinicId))?.split(' ').filter(Boolean) ?? []

/** What was passed over on this device. */
export const passedAt = (clinicId: string): SetupStep[] => steps.filter((step) => kept(clinicId).includes(step))

export const pass = (clinicId: string, step: SetupStep | typeof FINISHED): void =>
  localStorage.setItem(key(clinicId), [...new Set([...kept(clinicId), step])].join(' '))

/** Does the set-up come before everything else? Where nobody gives any service yet, or it was begun on this device and not finished. */
export const isSetupDue = (clinic: { id: string; services: readonly { doctors: readonly object[] }[] }): boolean => {
  const words = kept(clinic.id)
  if (words.includes(FINISHED)) return false
  return words.length > 0 || clinic.services.every(({ doctors }) => doctors.length === 0)
}
