/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Either person, or name with dateOfBirth. */
export type DoorArrivalInput = {
  clinicId: string | number;
  dateOfBirth?: string | null | undefined;
  /** Any UUID; the same one again answers the same ticket. */
  key: string | number;
  /** A BCP 47 tag, as in es, in which messages are to be; en unless told. */
  language?: string | null | undefined;
  /** At most 200 characters. */
  name?: string | null | undefined;
  /** What findAtDoor answered to a scanned code. */
  person?: string | null | undefined;
  /** As in DoorLookupInput. A number of another patient stays with them. */
  phoneNumber?: string | null | undefined;
  serviceId: string | number;
};

/** Either phoneNumber with dateOfBirth, or scanned. */
export type DoorLookupInput = {
  clinicId: string | number;
  /** Of the holder of the number, or of somebody they are guardian of. */
  dateOfBirth?: string | null | undefined;
  /** As people type it at the clinic: without + it is one of its own country. */
  phoneNumber?: string | null | undefined;
  /** What a patient's QR code says: their code, or the link to a visit. */
  scanned?: string | null | undefined;
};

export type QueueStatus =
  | 'CALLED'
  | 'IN_SERVICE'
  | 'LEFT'
  | 'NO_SHOW'
  | 'ON_HOLD'
  | 'SERVED'
  | 'WAITING';

export type DoorClinicQueryVariables = Exact<{
  clinicId: string | number;
}>;


export type DoorClinicQuery = { clinic: { id: string, name: string, timeZone: string, languages: Array<string>, selfCheckIn: boolean, services: Array<{ id: string, name: string, open: boolean, closedReason: string | null, doorJoin: boolean }> } | null };

export type FindAtDoorMutationVariables = Exact<{
  input: DoorLookupInput;
}>;


export type FindAtDoorMutation = { findAtDoor: { person: string | null, visits: Array<{ pass: string, givenName: string, startsAt: string | null, ticket: string | null, service: { id: string, name: string } }> } };

export type DoorTicketPartsFragment = { isNew: boolean, link: string, service: { id: string, name: string }, position: { entryId: string, ticket: string, status: QueueStatus, position: number | null, ahead: number | null, room: string | null, estimate: { lowMinutes: number, highMinutes: number } | null } };

export type CheckInAtDoorMutationVariables = Exact<{
  pass: string;
}>;


export type CheckInAtDoorMutation = { checkInAtDoor: { isNew: boolean, link: string, service: { id: string, name: string }, position: { entryId: string, ticket: string, status: QueueStatus, position: number | null, ahead: number | null, room: string | null, estimate: { lowMinutes: number, highMinutes: number } | null } } };

export type JoinAtDoorMutationVariables = Exact<{
  input: DoorArrivalInput;
}>;


export type JoinAtDoorMutation = { joinAtDoor: { isNew: boolean, link: string, service: { id: string, name: string }, position: { entryId: string, ticket: string, status: QueueStatus, position: number | null, ahead: number | null, room: string | null, estimate: { lowMinutes: number, highMinutes: number } | null } } };

export const DoorTicketPartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DoorTicketParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DoorTicket"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isNew"}},{"kind":"Field","name":{"kind":"Name","value":"link"}},{"kind":"Field","name":{"kind":"Name","value":"service"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"position"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"entryId"}},{"kind":"Field","name":{"kind":"Name","value":"ticket"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"ahead"}},{"kind":"Field","name":{"kind":"Name","value":"room"}},{"kind":"Field","name":{"kind":"Name","value":"estimate"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"lowMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"highMinutes"}}]}}]}}]}}]} as unknown as DocumentNode<DoorTicketPartsFragment, unknown>;
export const DoorClinicDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"DoorClinic"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"clinicId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"clinic"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"clinicId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"languages"}},{"kind":"Field","name":{"kind":"Name","value":"selfCheckIn"}},{"kind":"Field","name":{"kind":"Name","value":"services"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"open"}},{"kind":"Field","name":{"kind":"Name","value":"closedReason"}},{"kind":"Field","name":{"kind":"Name","value":"doorJoin"}}]}}]}}]}}]} as unknown as DocumentNode<DoorClinicQuery, DoorClinicQueryVariables>;
export const FindAtDoorDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"FindAtDoor"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DoorLookupInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"findAtDoor"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"person"}},{"kind":"Field","name":{"kind":"Name","value":"visits"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pass"}},{"kind":"Field","name":{"kind":"Name","value":"givenName"}},{"kind":"Field","name":{"kind":"Name","value":"startsAt"}},{"kind":"Field","name":{"kind":"Name","value":"ticket"}},{"kind":"Field","name":{"kind":"Name","value":"service"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]} as unknown as DocumentNode<FindAtDoorMutation, FindAtDoorMutationVariables>;
export const CheckInAtDoorDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CheckInAtDoor"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"pass"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkInAtDoor"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"pass"},"value":{"kind":"Variable","name":{"kind":"Name","value":"pass"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"DoorTicketParts"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DoorTicketParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DoorTicket"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isNew"}},{"kind":"Field","name":{"kind":"Name","value":"link"}},{"kind":"Field","name":{"kind":"Name","value":"service"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"position"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"entryId"}},{"kind":"Field","name":{"kind":"Name","value":"ticket"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"ahead"}},{"kind":"Field","name":{"kind":"Name","value":"room"}},{"kind":"Field","name":{"kind":"Name","value":"estimate"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"lowMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"highMinutes"}}]}}]}}]}}]} as unknown as DocumentNode<CheckInAtDoorMutation, CheckInAtDoorMutationVariables>;
export const JoinAtDoorDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"JoinAtDoor"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DoorArrivalInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"joinAtDoor"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"DoorTicketParts"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DoorTicketParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DoorTicket"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isNew"}},{"kind":"Field","name":{"kind":"Name","value":"link"}},{"kind":"Field","name":{"kind":"Name","value":"service"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"position"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"entryId"}},{"kind":"Field","name":{"kind":"Name","value":"ticket"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"ahead"}},{"kind":"Field","name":{"kind":"Name","value":"room"}},{"kind":"Field","name":{"kind":"Name","value":"estimate"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"lowMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"highMinutes"}}]}}]}}]}}]} as unknown as DocumentNode<JoinAtDoorMutation, JoinAtDoorMutationVariables>;