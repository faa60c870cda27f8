import { asObject, builder, ever } from '../builder.ts'
import { QueuePositionRef } from '../queue/schema.ts'
import { ServiceRef } from '../refs.ts'
import { checkInAtDoor, type DoorFound, type DoorTicket, type DoorVisit, findAtDoor, joinAtDoor } from './commands.ts'

const DoorVisitRef = builder.objectRef<DoorVisit>('DoorVisit').implement({
  description: 'A visit of today as the tablet at the door shows it to whoever it is of.',
  fields: (t) => ({
    pass: t.exposeString('pass', {
      authScopes: asObject,
      description: 'Lets checkInAtDoor check this visit in; good for five minutes.',
    }),
    givenName: t.exposeString('givenName', {
      authScopes: asObject,
      description: 'The first word of the name, to tell the people of one number apart.',
    }),
    service: t.field({
      type: ServiceRef,
      authScopes: asObject,
      resolve: async (visit, _args, { loaders }) => (await loaders.service.load(visit.serviceId)) as never,
    }),
    startsAt: t.expose('startsAt', {
      type: 'DateTime',
      nullable: true,
      authScopes: asObject,
      description: 'The start of the slot; null without a booking.',
    }),
    ticket: t.exposeString('ticket', {
      nullable: true,
      authScopes: asObject,
      description: 'The ticket, where the visit is checked in already.',
    }),
  }),
})

const DoorFoundRef = builder.objectRef<DoorFound>('DoorFound').implement({
  description: 'What somebody at the door has here today.',
  fields: (t) => ({
    visits: t.expose('visits', {
      type: [DoorVisitRef],
      authScopes: asObject,
      description:
        'Bookings of today and tickets, also of those whose guardian it is. By number, none is also the answer for an unknown number and for a wrong birth date.',
    }),
    person: t.exposeString('person', {
      nullable: true,
      authScopes: asObject,
      description: 'After a known code was scanned: lets joinAtDoor give this person a ticket; good for five minutes.',
    }),
  }),
})

const DoorTicketRef = builder.objectRef<DoorTicket>('DoorTicket').implement({
  description: 'A ticket as the tablet at the door shows and prints it.',
  fields: (t) => ({
    isNew: t.exposeBoolean('isNew', {
      authScopes: asObject,
      description: 'False where the patient had this ticket already.',
    }),
    link: t.exposeString('link', {
      authScopes: asObject,
      description: 'The address of the live position, for a QR code; whoever has it sees this one visit.',
    }),
    service: t.expose('service', { type: ServiceRef, authScopes: asObject }),
    position: t.expose('position', { type: QueuePositionRef, authScopes: asObject }),
  }),
})

const DoorLookupInput = builder.inputType('DoorLookupInput', {
  description: 'Either phoneNumber with dateOfBirth, or scanned.',
  fields: (t) => ({
    clinicId: t.id({ required: true }),
    phoneNumber: t.string({ description: 'As people type it at the clinic: without + it is one of its own country.' }),
    dateOfBirth: t.field({
      type: 'Date',
      description: 'Of the holder of the number, or of somebody they are guardian of.',
    }),
    scanned: t.string({ description: "What a patient's QR code says: their code, or the link to a visit." }),
  }),
})

const DoorArrivalInput = builder.inputType('DoorArrivalInput', {
  description: 'Either person, or name with dateOfBirth.',
  fields: (t) => ({
    clinicId: t.id({ required: true }),
    serviceId: t.id({ required: true }),
    key: t.id({ required: true, description: 'Any UUID; the same one again answers the same ticket.' }),
    person: t.string({ description: 'What findAtDoor answered to a scanned code.' }),
    name: t.string({ description: 'At most 200 characters.' }),
    dateOfBirth: t.field({ type: 'Date' }),
    phoneNumber: t.string({ description: 'As in DoorLookupInput. A number of another patient stays with them.' }),
    language: t.string({ description: 'A BCP 47 tag, as in es, in which messages are to be; en unless told.' }),
  }),
})

builder.mutationFields((t) => ({
  findAtDoor: t.field({
    type: DoorFoundRef,
    authScopes: ever('door.use'),
    description:
      'Looks for the visits of whoever stands at the tablet at the door: no log-in. Refusals: NOT_SELF where the clinic has no such tablet, TOO_MANY_ATTEMPTS after 5 tries for one number in 15 minutes or 20 in a day, and after many of one network or at one clinic, scans too.',
    args: { input: t.arg({ type: DoorLookupInput, required: true }) },
    resolve: (_root, { input }, ctx) => findAtDoor(ctx, input),
  }),
  checkInAtDoor: t.field({
    type: DoorTicketRef,
    authScopes: ever('door.use'),
    description:
      'Checks a visit in that findAtDoor found; one that has its ticket already is shown again. Refusals as those of checkIn; NOT_FOUND for a pass that is too old; TOO_MANY_ATTEMPTS.',
    args: { pass: t.arg.string({ required: true }) },
    resolve: (_root, { pass }, ctx) => checkInAtDoor(ctx, pass),
  }),
  joinAtDoor: t.field({
    type: DoorTicketRef,
    authScopes: ever('door.use'),
    description:
      'Gives somebody without a booking a ticket, where the service lets the door do so. Refusals: NOT_SELF, NOT_REMOTE, CLOSED, TOO_MANY_ATTEMPTS.',
    args: { input: t.arg({ type: DoorArrivalInput, required: true }) },
    resolve: (_root, { input }, ctx) => joinAtDoor(ctx, input),
  }),
}))
