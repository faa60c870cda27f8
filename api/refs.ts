import { builder } from './builder.ts'
import type { AppointmentRow, ClinicRow, DoctorRow, EntryRow, PatientRow, ServiceRow, UserRow } from './loaders.ts'

/** The object types that several domains mention; each is implemented in its own domain's schema.ts. */
export const ClinicRef = builder.objectRef<ClinicRow>('Clinic')
export const ServiceRef = builder.objectRef<ServiceRow>('Service')
export const DoctorRef = builder.objectRef<DoctorRow>('Doctor')
export const UserRef = builder.objectRef<UserRow>('User')
export const PatientRef = builder.objectRef<PatientRow>('Patient')
export const AppointmentRef = builder.objectRef<AppointmentRow>('Appointment')
export const QueueEntryRef = builder.objectRef<EntryRow>('QueueEntry')
