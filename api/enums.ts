import { builder } from './builder.ts'
import { serviceColors } from './clinic/settings.ts'
import * as values from './database/generated/enums.ts'

const enumOf = <T extends Record<string, string>>(name: string, from: T, description?: string) =>
  builder.enumType(name, { values: Object.keys(from) as (keyof T & string)[], ...(description ? { description } : {}) })

export const RoleEnum = enumOf('Role', values.Role)
export const UrgencyEnum = enumOf('Urgency', values.Urgency)
export const AppointmentStatusEnum = enumOf('AppointmentStatus', values.AppointmentStatus)
export const QueueStatusEnum = enumOf('QueueStatus', values.QueueStatus)
export const NotificationChannelEnum = enumOf('NotificationChannel', values.NotificationChannel)
export const NotificationKindEnum = enumOf('NotificationKind', values.NotificationKind)
export const MessageRouteEnum = builder.enumType('MessageRoute', {
  description: 'On which ways messages go out.',
  values: {
    BOTH: { description: 'By SMS and push at once.' },
    PUSH_FIRST: { description: 'By push to the patient’s devices; by SMS where there are none or none takes it.' },
  } as const,
})
export const CodePurposeEnum = enumOf('CodePurpose', values.CodePurpose, 'What a code sent by SMS is good for.')
export const NotificationStatusEnum = enumOf('NotificationStatus', values.NotificationStatus)
export const ServiceColorEnum = builder.enumType('ServiceColor', {
  description: 'By which a service is marked beside others. It stands next to its name and says nothing by itself.',
  values: serviceColors,
})
