import type { GraphQLObjectType } from 'graphql'
import { expect, it } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { schema } from '../schema.ts'
import { rightsKey } from './rights.ts'

const board = schema.getType('Queue') as GraphQLObjectType
const user = schema.getType('User') as GraphQLObjectType

const desk: Viewer = {
  kind: 'user',
  sessionId: 's1',
  userId: 'u1',
  clinicId: 'c1',
  role: 'RECEPTIONIST',
  doctorId: null,
  serviceIds: [],
}
const patient: Viewer = { kind: 'patient', sessionId: 's2', patientId: 'p1', wardIds: [] }

it('is the same for two sessions of one person', () => {
  expect(rightsKey({ ...desk, sessionId: 's9' }, board)).toBe(rightsKey(desk, board))
})

it.each<[string, Viewer]>([
  ['of another clinic', { ...desk, clinicId: 'c2' }],
  ['of another role', { ...desk, role: 'ADMIN' }],
  ['with a record as doctor', { ...desk, doctorId: 'd1' }],
  ['with other services', { ...desk, serviceIds: ['s1'] }],
])('differs for a user %s', (_, other) => {
  expect(rightsKey(other, board)).not.toBe(rightsKey(desk, board))
})

it('differs for another patient, with other wards, and for nobody', () => {
  const keys = [patient, { ...patient, patientId: 'p2' }, { ...patient, wardIds: ['p3'] }, null].map((viewer) =>
    rightsKey(viewer, board),
  )
  expect(new Set(keys).size).toBe(4)
})

it('tells users apart where an answer may show who they are', () => {
  expect(rightsKey({ ...desk, userId: 'u2' }, user)).not.toBe(rightsKey(desk, user))
  expect(rightsKey({ ...desk, userId: 'u2' }, null)).not.toBe(rightsKey(desk, null))
})
