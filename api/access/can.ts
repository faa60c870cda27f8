import type { Viewer } from './viewer.ts'

/**
 * How far a permission reaches.
 * any: every record. own: the patient's own record and those of patients they are guardian of; a user's own.
 * clinic: records of the user's clinic. services: records of the services that the doctor gives, in their clinic.
 */
export type Reach = 'any' | 'own' | 'clinic' | 'services'

export type Holder = 'ANONYMOUS' | 'PATIENT' | 'RECEPTIONIST' | 'DOCTOR' | 'ADMIN'

/** The rights: who may do what, and how far. What is not here is denied. */
export const rights = {
  // Clinics, services, doctors' names, free slots and the waiting-room display are for everybody.
  'public.read': { ANONYMOUS: 'any', PATIENT: 'any', RECEPTIONIST: 'any', DOCTOR: 'any', ADMIN: 'any' },
  'session.open': { ANONYMOUS: 'any', PATIENT: 'any', RECEPTIONIST: 'any', DOCTOR: 'any', ADMIN: 'any' },
  'session.own': { PATIENT: 'any', RECEPTIONIST: 'any', DOCTOR: 'any', ADMIN: 'any' },

  'patient.read': { PATIENT: 'own', RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'patient.contact': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  'patient.birth': { PATIENT: 'own', RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'patient.code': { PATIENT: 'own' },
  'patient.search': { RECEPTIONIST: 'clinic' },
  'patient.profile': { PATIENT: 'own' },
  'patient.create': { RECEPTIONIST: 'clinic' },
  'patient.update': { RECEPTIONIST: 'clinic' },
  'patient.merge': { RECEPTIONIST: 'clinic' },
  'device.register': { PATIENT: 'own' },
  'device.manage': { PATIENT: 'own' },
  'patient.export': { PATIENT: 'own' },
  'patient.delete': { PATIENT: 'own' },

  'appointment.read': { PATIENT: 'own', RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'appointment.list': { RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'appointment.book': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  'appointment.change': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  'appointment.checkIn': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  // Whoever has the link to a visit.
  'visit.stopMessages': { ANONYMOUS: 'any', PATIENT: 'any', RECEPTIONIST: 'any', DOCTOR: 'any', ADMIN: 'any' },
  // Whoever stands at the tablet at the door, where the clinic has one.
  'door.use': { ANONYMOUS: 'any', PATIENT: 'any', RECEPTIONIST: 'any', DOCTOR: 'any', ADMIN: 'any' },
  'visit.reason': { PATIENT: 'own', DOCTOR: 'services' },
  'visit.urgency': { RECEPTIONIST: 'clinic' },

  'queue.read': { RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'entry.read': { PATIENT: 'own', RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  // Patients only where the service lets them.
  'entry.add': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  'entry.call': { RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'entry.serve': { RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'entry.return': { RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'entry.transfer': { RECEPTIONIST: 'clinic', DOCTOR: 'services' },
  'entry.hold': { RECEPTIONIST: 'clinic' },
  'entry.place': { RECEPTIONIST: 'clinic' },
  'entry.leave': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  'entry.undo': { PATIENT: 'own', RECEPTIONIST: 'clinic', DOCTOR: 'services' },

  // Pushing what was done offline, and pulling: each operation and each record has its own right besides.
  'sync.use': { PATIENT: 'any', RECEPTIONIST: 'any', DOCTOR: 'any' },

  'notification.read': { PATIENT: 'own', RECEPTIONIST: 'clinic' },
  'notification.send': { RECEPTIONIST: 'clinic' },

  'user.read': { RECEPTIONIST: 'own', DOCTOR: 'own', ADMIN: 'clinic' },
  'user.manage': { ADMIN: 'clinic' },
  'service.manage': { ADMIN: 'clinic' },
  'clinic.manage': { ADMIN: 'clinic' },
  'clinic.settings': { RECEPTIONIST: 'clinic', ADMIN: 'clinic' },
  'hours.read': { RECEPTIONIST: 'clinic', DOCTOR: 'own', ADMIN: 'clinic' },
  'hours.manage': { ADMIN: 'clinic' },
  'duty.set': { RECEPTIONIST: 'clinic', DOCTOR: 'own', ADMIN: 'clinic' },
  'intake.set': { RECEPTIONIST: 'clinic', ADMIN: 'clinic' },
  'analytics.read': { ADMIN: 'clinic' },
  'audit.read': { ADMIN: 'clinic' },
  'job.manage': { ADMIN: 'clinic' },
} as const satisfies Record<string, Partial<Record<Holder, Reach>>>

export type Action = keyof typeof rights

/** What an action is about; only the parts that say whose it is. */
export type Subject = {
  clinicId?: string | null
  /** For patients, who may be linked to several clinics. */
  clinicIds?: readonly string[]
  patientId?: string | null
  serviceId?: string | null
  /** For patients: the services in whose queues they are or were today. */
  serviceIds?: readonly string[]
  userId?: string | null
  doctorId?: string | null
}

/** The parts that a viewer plays; a user with a doctor's record is a doctor beside their role. */
export const holdersOf = (viewer: Viewer | null): Holder[] => {
  if (!viewer) return ['ANONYMOUS']
  if (viewer.kind === 'patient') return ['PATIENT']
  return viewer.doctorId && viewer.role !== 'DOCTOR' ? [viewer.role, 'DOCTOR'] : [viewer.role]
}

const reachOf = (holder: Holder, action: Action): Reach | undefined =>
  (rights[action] as Partial<Record<Holder, Reach>>)[holder]

const within = (viewer: Viewer | null, reach: Reach, subject: Subject): boolean => {
  if (reach === 'any') return true
  if (!viewer) return false
  if (viewer.kind === 'patient')
    return (
      reach === 'own' &&
      subject.patientId != null &&
      (subject.patientId === viewer.patientId || viewer.wardIds.includes(subject.patientId))
    )
  if (reach === 'own')
    return (
      (subject.userId != null && subject.userId === viewer.userId) ||
      (subject.doctorId != null && subject.doctorId === viewer.doctorId)
    )
  const inClinic = subject.clinicId === viewer.clinicId || (subject.clinicIds?.includes(viewer.clinicId) ?? false)
  if (reach === 'clinic') return inClinic
  const ids = subject.serviceIds ?? (subject.serviceId ? [subject.serviceId] : [])
  return inClinic && ids.some((id) => viewer.serviceIds.includes(id))
}

/** May this viewer do this to this subject? The one answer that fields, commands and subscriptions share. */
export const can = (viewer: Viewer | null, action: Action, subject: Subject): boolean =>
  holdersOf(viewer).some((holder) => {
    const reach = reachOf(holder, action)
    return reach !== undefined && within(viewer, reach, subject)
  })

/** May this viewer do this to anything at all? If not, asking is FORBIDDEN; if so, what they may not see is as if it were missing. */
export const canEver = (viewer: Viewer | null, action: Action): boolean =>
  holdersOf(viewer).some((holder) => reachOf(holder, action) !== undefined)
