import i18next, { type TFunction } from 'i18next'
import { beforeAll, describe, expect, it } from 'vitest'
import { en } from '../locales/en.ts'
import { admin } from '../locales/en-admin.ts'
import { later } from '../locales/en-later.ts'
import { es } from '../locales/es.ts'
import { sentenceOf } from './audit-words.ts'

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
      'A patient was not allowed to use users.',
      'Un paciente no pudo usar users: no está permitido.',
    ],
    ['sync.hold', reception, 'Anna sent what was done offline: Hold.', 'Anna envió lo hecho sin conexión: Pausa.'],
    ['brand.new', reception, 'Anna: brand.new.', 'Anna: brand.new.'],
  ])('%s', (action, actor, inEnglish, inSpanish) => {
    const event = { action, entity: 'Any', actor }
    expect(sentenceOf(event, english)).toBe(inEnglish)
    expect(sentenceOf(event, spanish)).toBe(inSpanish)
  })
})
