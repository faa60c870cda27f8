import { asObject, builder, ever } from '../builder.ts'
import { deleteMyAccount, exportMyData, logoutOthers, removeDevice } from './commands.ts'
import { type DeviceRow, listDevices } from './store.ts'

const DeviceRef = builder.objectRef<DeviceRow>('Device').implement({
  description: "A patient's log-in on a phone or in a browser, or a phone that gets messages without one.",
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    platform: t.exposeString('platform', {
      nullable: true,
      authScopes: asObject,
      description: 'android, ios or web, as it was registered for messages; null where it gets none.',
    }),
    getsMessages: t.exposeBoolean('getsMessages', { authScopes: asObject, description: 'Push messages go there.' }),
    since: t.expose('since', { type: 'DateTime', authScopes: asObject, description: 'When it was logged in.' }),
    seenAt: t.expose('seenAt', {
      type: 'DateTime',
      nullable: true,
      authScopes: asObject,
      description: 'When it was last in use, to about 15 minutes; null without a log-in.',
    }),
    isThis: t.exposeBoolean('isThis', { authScopes: asObject, description: 'The one that asks.' }),
  }),
})

builder.queryField('devices', (t) =>
  t.field({
    type: [DeviceRef],
    nullable: true,
    authScopes: ever('device.manage'),
    description:
      'Where the patient is logged in, and the phones on which they get messages: this one first, then the last seen ones.',
    resolve: (_root, _args, { db, viewer }) =>
      viewer?.kind === 'patient' ? listDevices(db, viewer.patientId, viewer.sessionId) : null,
  }),
)

builder.mutationFields((t) => ({
  removeDevice: t.field({
    type: 'Boolean',
    authScopes: ever('device.manage'),
    description: "Ends one of the patient's log-ins and its messages. Refusal: NOT_FOUND.",
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => removeDevice(ctx, id),
  }),
  logoutOthers: t.field({
    type: 'Boolean',
    authScopes: ever('device.manage'),
    description: "Ends all of the patient's log-ins but this one, and the messages to all other phones.",
    resolve: (_root, _args, ctx) => logoutOthers(ctx),
  }),
  exportMyData: t.field({
    type: 'String',
    authScopes: ever('patient.export'),
    description:
      'Everything that is kept about the patient, or about a ward of theirs, as a JSON document to keep: profile, bookings, visits with their history, messages, consents, log-ins and what was done with the record. It names nobody else but doctors. Five times in 24 hours at most. Refusals: NOT_FOUND, TOO_OFTEN.',
    args: { patientId: t.arg.id() },
    resolve: (_root, { patientId }, ctx) => exportMyData(ctx, patientId),
  }),
  deleteMyAccount: t.field({
    type: 'Boolean',
    authScopes: ever('patient.delete'),
    description:
      "Deletes the patient's account for good: they leave the queues, bookings to come are cancelled, all log-ins end. What must stay for the clinics' record loses name, number, birth date, language, reasons and messages. Patients in their care stay with their clinics. The number can register again. Refusals: WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS, IN_SERVICE.",
    args: { password: t.arg.string({ required: true }) },
    resolve: (_root, { password }, ctx) => deleteMyAccount(ctx, password),
  }),
}))
