import type { Action } from '../access/can.ts'
import { demand, demandOn } from '../access/demand.ts'
import type { Context } from '../context.ts'
import { transact, type Work } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { badInput, notFound } from '../errors.ts'
import type { ClinicRow, DoctorRow, ServiceRow } from '../loaders.ts'
import { optionalLine } from '../text.ts'
import { timeOf } from './day.ts'
import { stretchOf, WHOLE_DAY, weeklyHours } from './hours.ts'
import {
  type ClinicInput,
  clinicSettings,
  type ServiceColor,
  type ServiceInput,
  serviceSettings,
  ticketLetter,
} from './settings.ts'
import { lockDoctorForChange, raiseQueues, reloadClinic, reloadDoctor, reloadService } from './store.ts'

const asDay = (day: string): Date => new Date(`${day}T00:00:00Z`)

export const subjectOfDoctor = (doctor: DoctorRow) => ({ clinicId: doctor.clinicId, doctorId: doctor.id })

/** Changes the clinic's settings; what is left out stays. */
export const updateClinic = async (ctx: Context, id: string, input: ClinicInput): Promise<ClinicRow> => {
  demand(ctx.viewer, 'clinic.manage')
  const settings = clinicSettings(input, ctx.config.allowedCountries)
  const clinic = await ctx.loaders.clinic.load(id)
  demandOn(ctx.viewer, 'clinic.manage', 'clinic', clinic, (row) => ({ clinicId: row.id }))
  const updated = await transact(ctx, reloadClinic, async ({ tx, audit }) => {
    await audit({
      action: 'clinic.updated',
      entity: 'Clinic',
      entityId: clinic.id,
      clinicId: clinic.id,
      detail: Object.keys(settings).join(', '),
    })
    return tx.clinic.update({ where: { id: clinic.id }, data: settings })
  })
  ctx.loaders.clinic.clear(id)
  return updated
}

export type NewService = {
  clinicId: string
  name: string
  ticketLetter: string
  slotMinutes: number
  bookedLeadMinutes?: number | null
  almostPosition?: number | null
  almostMinutes?: number | null
  remoteJoin?: boolean | null
  color?: ServiceColor | null
  doorJoin?: boolean | null
}

/** Adds a service to the clinic; the database gives it its queue. */
export const createService = async (ctx: Context, input: NewService): Promise<ServiceRow> => {
  demand(ctx.viewer, 'service.manage')
  const data = { ...serviceSettings(input), ticketLetter: ticketLetter(input.ticketLetter) }
  const clinic = await ctx.loaders.clinic.load(input.clinicId)
  demandOn(ctx.viewer, 'service.manage', 'clinic', clinic, (row) => ({ clinicId: row.id }))
  const created = await transact(ctx, reloadService, async ({ tx, audit }) => {
    const service = await tx.service.create({
      data: { id: uuidv7(), clinicId: clinic.id, name: input.name, slotMinutes: input.slotMinutes, ...data },
    })
    await audit({
      action: 'service.created',
      entity: 'Service',
      entityId: service.id,
      clinicId: clinic.id,
      detail: `${service.ticketLetter} ${service.name}`,
    })
    return service
  })
  ctx.loaders.servicesOfClinic.clear(clinic.id)
  return created
}

const changeService = async (
  ctx: Context,
  id: string,
  {
    action,
    audited,
    detail,
    change,
  }: {
    action: Action
    audited: string
    detail: string
    change: (work: Work, service: ServiceRow) => Promise<ServiceRow>
  },
): Promise<ServiceRow> => {
  const service = await ctx.loaders.service.load(id)
  demandOn(ctx.viewer, action, 'service', service, ({ clinicId }) => ({ clinicId }))
  const changed = await transact(ctx, reloadService, async (work) => {
    const row = await change(work, service)
    await work.audit({ action: audited, entity: 'Service', entityId: row.id, clinicId: row.clinicId, detail })
    return row
  })
  ctx.loaders.service.clear(id)
  ctx.loaders.servicesOfClinic.clear(changed.clinicId)
  return changed
}

/** Changes a service's settings; bookings that are made keep their length. */
export const updateService = async (ctx: Context, id: string, input: ServiceInput): Promise<ServiceRow> => {
  demand(ctx.viewer, 'service.manage')
  const data = serviceSettings(input)
  return changeService(ctx, id, {
    action: 'service.manage',
    audited: 'service.updated',
    detail: Object.keys(data).join(', '),
    change: ({ tx }, service) => tx.service.update({ where: { id: service.id }, data }),
  })
}

/** Opens or closes a service to new walk-ins; bookings go on. */
export const setIntake = async (
  ctx: Context,
  id: string,
  { open, reason }: { open: boolean; reason?: string | null },
): Promise<ServiceRow> => {
  demand(ctx.viewer, 'intake.set')
  const closedReason = open ? null : optionalLine(reason, { field: 'reason', max: 200 })
  return changeService(ctx, id, {
    action: 'intake.set',
    audited: open ? 'service.opened' : 'service.closed',
    detail: closedReason ?? '',
    change: async (work, service) => {
      await raiseQueues(work, [service.id])
      return work.tx.service.update({ where: { id: service.id }, data: { open, closedReason } })
    },
  })
}

type DoctorChange = {
  action: Action
  audited: string
  detail: string
  change: (work: Work, doctor: DoctorRow) => Promise<void>
}

const changeDoctor = async (ctx: Context, id: string, change: DoctorChange): Promise<DoctorRow> => {
  const seen = await ctx.loaders.doctor.load(id)
  demandOn(ctx.viewer, change.action, 'doctor', seen, subjectOfDoctor)
  const changed = await transact(ctx, reloadDoctor, async (work) => {
    await lockDoctorForChange(work.tx, seen.id)
    const doctor = await reloadDoctor(work.tx, seen.id)
    if (!doctor.active) throw notFound('doctor')
    await change.change(work, doctor)
    await work.audit({
      action: change.audited,
      entity: 'Doctor',
      entityId: doctor.id,
      clinicId: doctor.clinicId,
      detail: change.detail,
    })
    return reloadDoctor(work.tx, doctor.id)
  })
  ctx.loaders.doctor.clear(id)
  ctx.loaders.doctorsOfClinic.clear(changed.clinicId)
  ctx.loaders.hoursOfDoctor.clear(changed.id)
  ctx.loaders.exceptionsOfDoctor.clear(changed.id)
  return changed
}

export type DoctorHoursInput = { doctorId: string; hours: readonly { weekday: number; from: string; to: string }[] }

/** Replaces a doctor's weekly hours. Bookings that are made stay, even where the new hours have no room for them. */
export const setDoctorHours = async (ctx: Context, input: DoctorHoursInput): Promise<DoctorRow> => {
  demand(ctx.viewer, 'hours.manage')
  if (input.hours.length > 100) throw badInput('input.hours', 'must have at most 100 entries')
  const hours = weeklyHours(input.hours, 'input.hours')
  return changeDoctor(ctx, input.doctorId, {
    action: 'hours.manage',
    audited: 'doctor.hours_set',
    detail: hours.map(({ weekday, from, to }) => `${weekday}: ${timeOf(from)}–${timeOf(to)}`).join(', ') || 'none',
    change: async ({ tx }, doctor) => {
      await tx.doctorHours.deleteMany({ where: { doctorId: doctor.id } })
      await tx.doctorHours.createMany({
        data: hours.map(({ weekday, from, to }) => ({
          id: uuidv7(),
          doctorId: doctor.id,
          weekday,
          fromMinute: from,
          toMinute: to,
        })),
      })
    },
  })
}

export type DoctorExceptionInput = {
  doctorId: string
  day: string
  kind: 'LEAVE' | 'EXTRA'
  from?: string | null
  to?: string | null
  reason?: string | null
}

const exceptionStretch = ({ kind, from, to }: DoctorExceptionInput) => {
  if (from != null && to != null) return stretchOf(from, to, 'input')
  if (from != null) throw badInput('input.to', 'must be given together with from')
  if (to != null) throw badInput('input.from', 'must be given together with to')
  if (kind === 'EXTRA') throw badInput('input.from', 'must be given for extra hours, with to')
  return WHOLE_DAY
}

/** Adds leave or extra hours on one day; leave without from and to is the whole day. Bookings that are made stay. */
export const setDoctorException = async (ctx: Context, input: DoctorExceptionInput): Promise<DoctorRow> => {
  demand(ctx.viewer, 'hours.manage')
  const { from, to } = exceptionStretch(input)
  const reason = optionalLine(input.reason, { field: 'input.reason', max: 200 })
  return changeDoctor(ctx, input.doctorId, {
    action: 'hours.manage',
    audited: 'doctor.exception_set',
    detail: `${input.kind} ${input.day} ${timeOf(from)}–${timeOf(to)}`,
    change: async ({ tx }, doctor) => {
      await tx.hoursException.create({
        data: {
          id: uuidv7(),
          doctorId: doctor.id,
          day: asDay(input.day),
          kind: input.kind,
          fromMinute: from,
          toMinute: to,
          reason,
        },
      })
    },
  })
}

/** Takes a leave or extra hours back. */
export const removeDoctorException = async (ctx: Context, id: string): Promise<DoctorRow> => {
  demand(ctx.viewer, 'hours.manage')
  const exception = await ctx.loaders.hoursException.load(id)
  if (!exception) throw notFound('exception')
  return changeDoctor(ctx, exception.doctorId, {
    action: 'hours.manage',
    audited: 'doctor.exception_removed',
    detail: `${exception.kind} ${exception.day.toISOString().slice(0, 10)} ${timeOf(exception.fromMinute)}–${timeOf(exception.toMinute)}`,
    change: async ({ tx }) => {
      const { count } = await tx.hoursException.deleteMany({ where: { id: exception.id } })
      if (count === 0) throw notFound('exception')
    },
  })
}

export type DutyInput = { doctorId: string; onDuty: boolean; room?: string | null }

/** Says whether a doctor is at work now, and where; estimates of their queues follow. Without a room the last one stays. */
export const setOnDuty = async (ctx: Context, { doctorId, onDuty, room }: DutyInput): Promise<DoctorRow> => {
  demand(ctx.viewer, 'duty.set')
  const place = room === undefined ? {} : { room: optionalLine(room, { field: 'room', max: 40 }) }
  return changeDoctor(ctx, doctorId, {
    action: 'duty.set',
    audited: onDuty ? 'doctor.on_duty' : 'doctor.off_duty',
    detail: place.room ?? '',
    change: async (work, doctor) => {
      if (doctor.onDuty !== onDuty) await raiseQueues(work, doctor.serviceIds)
      await work.tx.doctor.update({ where: { id: doctor.id }, data: { onDuty, ...place } })
    },
  })
}
