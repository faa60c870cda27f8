import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import i18next, { type TFunction } from 'i18next'
import { beforeAll, describe, expect, it } from 'vitest'
import { en } from '../locales/en.ts'
import { admin } from '../locales/en-admin.ts'
import { later } from '../locales/en-later.ts'
import { es } from '../locales/es.ts'
import { actionsOf, kinds, sentenceOf } from './audit-words.ts'

let english: TFunction
let spanish: TFunction
beforeAll(async () => {
  const resources = { en: { translation: { ...en, ...later, ...admin } }, es: { translation: es } }
  await i18next.init({ lng: 'en', resources, interpolation: { escapeValue: false } })
  english = i18next.getFixedT('en')
  spanish = i18next.getFixedT('es')
})

const reception = { __typename: 'User' as const, name: 'Anna' }
const patient = { __typename: 'Patient' as const, id: 'p', name: 'Amelia Hart' }

describe('an entry of the audit log', () => {
  it.each([
    ['queue.called', reception, 'Anna called a patient.', 'Anna llamó a un paciente.'],
    ['queue.no_show', null, 'The server marked a patient as no-show.', 'El servidor marcó a un paciente como ausente.'],
    ['appointment.booked', patient, 'A patient booked an appointment.', 'Un paciente reservó una cita.'],
    ['read.patients', reception, 'Anna looked at the list of patients.', 'Anna miró la lista de pacientes.'],
    ['read.newThing', reception, 'Anna looked at newThing.', 'Anna miró newThing.'],
    [
      'session.failed',
      null,
      'Somebody tried to log in with a wrong password.',
      'Alguien intentó entrar con una contraseña equivocada.',
    ],
    [
      'denied.users',
      patient,
      'A patient was not allowed: the list of staff.',
      'Un paciente no tenía permiso: la lista del personal.',
    ],
    ['denied.hold', reception, 'Anna was not allowed: Hold.', 'Anna no tenía permiso: Pausa.'],
    ['denied.newThing', reception, 'Anna was not allowed: newThing.', 'Anna no tenía permiso: newThing.'],
    ['sync.hold', reception, 'Anna sent what was done offline: Hold.', 'Anna envió lo hecho sin conexión: Pausa.'],
    ['brand.new', reception, 'Anna: brand.new.', 'Anna: brand.new.'],
  ])('%s', (action, actor, inEnglish, inSpanish) => {
    const event = { action, entity: 'Any', actor }
    expect(sentenceOf(event, english)).toBe(inEnglish)
    expect(sentenceOf(event, spanish)).toBe(inSpanish)
  })
})

const api = new URL('../../../api/', import.meta.url)

/** Every action that the code of the API writes into the log: as a whole text beside `action` or `audited`. */
const written = (): string[] => {
  const rights = new Set(
    [...readFileSync(new URL('access/can.ts', api), 'utf8').matchAll(/'([a-z]+\.[a-zA-Z]+)':/g)].map(
      ([, name]) => name,
    ),
  )
  const found = globSync('**/*.ts', { cwd: fileURLToPath(api) })
    .filter((file) => !/\.test\.ts$|^test\/|^database\/generated|^demo\//.test(file))
    .flatMap((file) => [
      ...readFileSync(new URL(file, api), 'utf8').matchAll(/(?:action|audited): ([^,\n]*'[a-z]+\.[a-zA-Z_]+'[^,\n]*)/g),
    ])
    .flatMap(([, value = '']) => [...value.matchAll(/'([a-z]+\.[a-zA-Z_]+)'/g)].map(([, name = '']) => name))
  return [...new Set(found)].filter((name) => !rights.has(name))
}

it('every action that the code writes has its sentence in both languages', () => {
  const actions = written()
  expect(actions).toContain('user.created')
  expect(actions).toContain('doctor.off_duty')
  const unsaid = actions.flatMap((action) => {
    const event = { action, entity: 'Any', actor: reception }
    return [english, spanish].map((t) => sentenceOf(event, t)).filter((sentence) => sentence.includes(action))
  })
  expect(unsaid).toEqual([])
})

it('offers every action that has words, under one kind', () => {
  const offered = kinds.flatMap((kind) => actionsOf(kind, english))
  expect(actionsOf('job', english)).toEqual([
    { id: 'job.retried', name: '… had failed background work tried again.' },
    { id: 'job.dropped', name: '… gave failed background work up.' },
  ])
  expect(actionsOf('read', spanish)).toContainEqual({ id: 'read.patients', name: '… miró la lista de pacientes.' })
  const { acts, looks } = admin.admin.audit
  expect(offered.map(({ id }) => id).toSorted()).toEqual(
    [
      ...Object.keys(acts).map((act) => act.replace('_', '.')),
      ...Object.keys(looks).map((look) => `read.${look}`),
    ].toSorted(),
  )
})
