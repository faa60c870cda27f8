/**
 * Who may what, field by field, as the design says it: the review of can.ts, written without looking there.
 *
 * Columns: nobody (not logged in), patient, desk (receptionist), doctor, admin, solo (an admin with a doctor's record).
 * A cell has a letter each for what is the viewer's own, what is else of their clinic, and what is of a foreign clinic.
 * Own: for patients their records and those of their wards; for doctors the queues of their services with today's patients,
 * entries and bookings, and their doctor's record; for all staff their user. What concerns no record stands under own.
 * For nobody everything is foreign. A visit is asked for by its link, here those of the
 * patient and their ward: whoever has the link may.
 *
 *   r  read; a command: done
 *   F  null, or refused, with FORBIDDEN; the rest of the answer is there
 *   U  null, or refused, with UNAUTHENTICATED
 *   0  null without an error, as if it were missing
 *   N  a command or subscription refused with NOT_FOUND
 *   C  a command refused with CONFLICT, as for everybody
 *   -  no path of the API leads this viewer to such an object
 *   .  there is no such case
 */
export const rightsTable = `
                                       nobody  patient  desk  doctor  admin  solo
Query
  me                                     0       r..     r..    r..    r..   r..
  clinics                                r       r..     r..    r..    r..   r..
  clinic display                         r       .rr     .rr    .rr    .rr   .rr
  availableSlots                         r       .rr     .rr    rrr    .rr   rrr
  patient                                U       r00     .r0    r00    .FF   r00
  patients                               U       F..     r..    F..    F..   F..
  findPatient                            U       FFF     .rr    FFF    .FF   FFF
  appointment                            U       r00     .r0    r00    .FF   r00
  appointments                           U       .FF     .rF    .rF    .FF   .rF
  queue                                  U       .FF     .r0    r00    .FF   r00
  queueEntry queuePosition               U       r00     .r0    r00    .FF   r00
  visit                                  r       r..     .r.    r..    .r.   r..
  notifications                          U       .rr     .rF    .FF    .FF   .FF
  users analytics auditLog failedJobs    U       .FF     .FF    .FF    .rF   .rF
  analyticsVisits messagePreview         U       .FF     .FF    .FF    .rF   .rF
  bookingsOutside                        U       .FF     .FF    FFF    .r0   0r0
  changes                                U       r..     r..    r..    F..   r..
  devices                                U       r..     F..    F..    F..   F..

Mutation
  loginPatient loginStaff                r       r..     r..    r..    r..   r..
  registerPatient refreshSession logout  r       r..     r..    r..    r..   r..
  requestPhoneCode resetPassword         r       r..     r..    r..    r..   r..
  changePassword                         U       r..     r..    r..    r..   r..
  updateProfile registerDevice           U       r..     F..    F..    F..   F..
  confirmPhoneNumber                     U       r..     F..    F..    F..   F..
  logoutOthers deleteMyAccount           U       r..     F..    F..    F..   F..
  removeDevice                           U       rNN     .FF    FFF    .FF   FFF
  renewCode exportMyData                 U       rNN     .FF    FFF    .FF   FFF
  createPatient mergePatients            U       FFF     .rN    FFF    .FF   FFF
  updatePatient                          U       rNN     .rN    FFF    .FF   FFF
  bookAppointment rescheduleAppointment  U       rNN     .rN    FFF    .FF   FFF
  cancelAppointment checkIn sayLate      U       rNN     .rN    FFF    .FF   FFF
  addWalkIn                              U       rNN     .rN    FFF    .FF   FFF
  callNext callEntry recall              U       FFF     .rN    rNN    .FF   rNN
  startService markServed markNoShow     U       FFF     .rN    rNN    .FF   rNN
  returnToQueue transfer                 U       FFF     .rN    rNN    .FF   rNN
  hold setUrgency moveEntry              U       FFF     .rN    FFF    .FF   FFF
  leaveQueue                             U       rNN     .rN    FFF    .FF   FFF
  undo                                   U       rNN     .rN    rNN    .FF   rNN
  createUser createService updateClinic  U       .FF     .FF    .FF    .rN   .rN
  updateUser                             U       .FF     FFF    FFF    rrN   rrN
  deactivateUser                         U       .FF     FFF    FFF    CrN   CrN
  updateService                          U       .FF     .FF    FFF    .rN   rrN
  setDoctorHours setDoctorException      U       .FF     .FF    FFF    .rN   rrN
  removeDoctorException                  U       .FF     .FF    FFF    .rN   rrN
  cancelBookingsOutside                  U       .FF     .FF    FFF    .rN   rrN
  setOnDuty                              U       .FF     .rN    rNN    .rN   rrN
  setIntake                              U       .FF     .rN    FFF    .rN   rrN
  retryJob dropJob                       U       .FF     .FF    .FF    .rN   .rN
  stopVisitMessages                      r       rrr     .rr    rrr    .rr   rrr
  findAtDoor checkInAtDoor joinAtDoor    r       r..     r..    r..    r..   r..
  resendMessage                          U       FFF     .rN    FFF    .FF   FFF
  sync                                   U       r..     r..    r..    F..   r..

Subscription
  queueUpdated                           U       .FF     .rN    rNN    .FF   rNN
  queueChanged                           U       .FF     .rN    rNN    .FF   rNN
  positionUpdated                        U       rNN     .rN    rNN    .FF   rNN
  visitUpdated                           r       r..     .r.    r..    .r.   r..
  displayUpdated                         r       .rr     .rr    .rr    .rr   .rr
  notificationUpdated                    U       .FF     .rN    .FF    .FF   .FF
  changesAvailable                       U       r..     r..    r..    F..   r..

Session
  accessToken refreshToken               -       r..     r..    r..    r..   r..
  expiresAt viewer                       -       r..     r..    r..    r..   r..

Clinic
  id name timeZone dayStartsAt           r       .rr     .rr    .rr    .rr   .rr
  graceMinutes undoSeconds noShowMinutes r       .rr     .rr    .rr    .rr   .rr
  languages services doctors             r       .rr     .rr    .rr    .rr   .rr
  address directions selfCheckIn         r       .rr     .rr    .rr    .rr   .rr
  messageRoute quietFrom quietTo         U       .FF     .rF    .FF    .rF   .rF
  dailySmsCap                            U       .FF     .rF    .FF    .rF   .rF
  allowedCountries messageTexts          U       .FF     .rF    .FF    .rF   .rF

MessageText
  language kind text                     -       .--     .r-    .--    .r-   .r-

Service
  id name ticketLetter slotMinutes       r       .rr     .rr    rrr    .rr   rrr
  bookedLeadMinutes open closedReason    r       .rr     .rr    rrr    .rr   rrr
  almostPosition almostMinutes           r       .rr     .rr    rrr    .rr   rrr
  remoteJoin doorJoin                    r       .rr     .rr    rrr    .rr   rrr
  color                                  r       .rr     .rr    rrr    .rr   rrr
  clinic doctors                         r       .rr     .rr    rrr    .rr   rrr

Doctor
  id name onDuty services                r       .rr     .rr    rrr    .rr   rrr
  room active hours exceptions           U       .FF     .rF    rFF    .rF   rrF
WorkingHours
  weekday from to                        -       .--     .r-    r--    .r-   rr-
HoursException
  id day kind from to reason             -       .--     .r-    r--    .r-   rr-

BookingOutside
  id startsAt endsAt service             -       .--     .--    ---    .r-   -r-

Slot
  startsAt endsAt doctor                 r       .rr     .rr    rrr    .rr   rrr

User
  id name role clinic                    -       .--     rr-    rr-    rr-   rr-
  doctor                                 -       .--     0r-    rr-    0r-   rr-
  username active                        -       .--     rF-    rF-    rr-   rr-

Patient
  id name version                        -       r--     .r-    rr-    .r-   rr-
  phoneNumber phoneVerified codeMark     -       r--     .r-    FF-    .F-   FF-
  dateOfBirth language guardian          -       r--     .r-    rF-    .F-   rF-
  appointments activeEntries             -       r--     .r-    rF-    .F-   rF-
  wards notifications                    -       r--     .r-    FF-    .F-   FF-
  code                                   -       r--     .F-    FF-    .F-   FF-
Device
  id platform getsMessages since         -       r..     -..    -..    -..   -..
  seenAt isThis                          -       r..     -..    -..    -..   -..
PatientMatch
  id name birthYear                      -       ---     .rr    ---    .--   ---

Appointment
  id status urgency startsAt endsAt      -       r--     .r-    r--    .--   r--
  bound version service doctor patient   -       r--     .r-    r--    .--   r--
  lateMinutes                            -       r--     .r-    r--    .--   r--
  queueEntry                             -       r--     .r-    r--    .--   r--
  reason cancelReason                    -       r--     .F-    r--    .--   r--
  createdBy                              -       F--     .r-    r--    .--   r--

Queue
  id service version asOf                -       .--     .r-    r--    .--   r--
  waiting serving onHold ended           -       .--     .r-    r--    .--   r--
QueueChange
  version asOf service entries pace      -       .--     .r-    r--    .--   r--
  since gone                             -       .--     .0-    0--    .--   0--
QueuePace
  doctorIds busyDoctorIds recentMinutes  -       .--     .r-    r--    .--   r--
QueueEntry
  id ticket provisionalTicket status     -       r--     .r-    r--    .--   r--
  urgency position estimate room         -       r--     .r-    r--    .--   r--
  endReason arrivedAt dueAt calledAt     -       r--     .r-    r--    .--   r--
  startedAt finishedAt version service   -       r--     .r-    r--    .--   r--
  doctor patient appointment history     -       r--     .r-    r--    .--   r--
  boundDoctor place                      -       r--     .r-    r--    .--   r--
  reason                                 -       r--     .F-    r--    .--   r--
EntryPlace
  rank subRank arrivalSeq ownDueAt       -       r--     .r-    r--    .--   r--
QueueEvent
  at kind reason position cause          -       r--     .r-    r--    .--   r--
QueuePosition
  entryId ticket status position ahead   r       r--     .r-    r--    .r-   r--
  estimate room version asOf             r       r--     .r-    r--    .r-   r--
WaitEstimate
  lowMinutes likelyMinutes highMinutes   r       r--     .r-    r--    .r-   r--

Display
  clinic version called waiting          r       .rr     .rr    .rr    .rr   .rr
DisplayTicket
  ticket provisionalTicket service room  r       .rr     .rr    .rr    .rr   .rr
  color status version                   r       .rr     .rr    .rr    .rr   .rr

DoorFound
  visits person                          -       -..     -..    -..    -..   -..
DoorVisit
  pass givenName service startsAt ticket -       -..     -..    -..    -..   -..
DoorTicket
  isNew link service position            -       -..     -..    -..    -..   -..

Notification
  id kind channel status body createdAt  -       r--     .r-    ---    .--   ---
  sentAt error patient entry appointment -       r--     .r-    ---    .--   ---

Analytics
  arrivals served noShows left           -       .--     .--    .--    .r-   .r-
  waitMinutes serviceMinutes             -       .--     .--    .--    .r-   .r-
  byDay byHour byDoctor byUrgency        -       .--     .--    .--    .r-   .r-
  capacityByHour messages                -       .--     .--    .--    .r-   .r-
MessageStats
  kind channel queued sent delivered     -       .--     .--    .--    .r-   .r-
  failed suppressed deliveryRate         -       .--     .--    .--    .r-   .r-
Distribution
  count mean p50 p90 max                 -       .--     .--    .--    .r-   .r-
HourStats
  hour arrivals served waitMinutes       -       .--     .--    .--    .r-   .r-
  noShows left                           -       .--     .--    .--    .r-   .r-
MessagePreview
  usual body segments isUnicode          -       .--     .--    .--    .r-   .r-
DayStats
  day arrivals served noShows left       -       .--     .--    .--    .r-   .r-
  capacity waitMinutes                   -       .--     .--    .--    .r-   .r-
HourCapacity
  hour visits                            -       .--     .--    .--    .r-   .r-
DoctorStats
  doctor served serviceMinutes           -       .--     .--    .--    .r-   .r-
UrgencyStats
  urgency arrivals waitMinutes           -       .--     .--    .--    .r-   .r-
  served serviceMinutes                  -       .--     .--    .--    .r-   .r-
AnalyticsVisit
  ticket service urgency status          -       .--     .--    .--    .r-   .r-
  arrivedAt                              -       .--     .--    .--    .r-   .r-
  doctor waitMinutes serviceMinutes      -       .--     .--    .--    .r-   .r-

AuditEvent
  id at actor action entity entityId     -       .--     .--    .--    .r-   .r-
  detail                                 -       .--     .--    .--    .r-   .r-
  clientId                               -       .--     .--    .--    .0-   .0-

ChangeSet
  cursor hasMore                         -       r..     r..    r..    -..   r..
  patients appointments entries          -       r..     r..    r..    -..   r..
  removed overridden                     -       0..     0..    0..    -..   0..
SyncResult
  outcomes nextSeq changes               -       -..     -..    -..    -..   -..
OperationResult
  id outcome code message overrides      -       -..     -..    -..    -..   -..
FieldOverride
  field by at value                      -       -..     -..    -..    -..   -..

FailedJob
  id name attempts error                 -       .--     .--    .--    .r-   .r-
  enqueuedAt failedAt                    -       .--     .--    .--    .r-   .r-

PatientConnection
  edges pageInfo                         -       -..     r..    -..    -..   -..
PatientEdge
  node cursor                            -       -..     r..    -..    -..   -..
AppointmentConnection
  edges pageInfo                         -       r--     .r-    rr-    .--   rr-
AppointmentEdge
  node cursor                            -       r--     .r-    rr-    .--   rr-
UserConnection
  edges pageInfo                         -       .--     .--    .--    .r-   .r-
UserEdge
  node cursor                            -       .--     .--    .--    .r-   .r-
NotificationConnection
  edges pageInfo                         -       rrr     .r-    ---    .--   ---
NotificationEdge
  node cursor                            -       rrr     .r-    ---    .--   ---
AnalyticsVisitConnection
  edges pageInfo                         -       .--     .--    .--    .r-   .r-
AnalyticsVisitEdge
  node cursor                            -       .--     .--    .--    .r-   .r-
AuditEventConnection
  edges pageInfo                         -       .--     .--    .--    .r-   .r-
AuditEventEdge
  node cursor                            -       .--     .--    .--    .r-   .r-
FailedJobConnection
  edges pageInfo                         -       .--     .--    .--    .r-   .r-
FailedJobEdge
  node cursor                            -       .--     .--    .--    .r-   .r-
PageInfo
  hasNextPage hasPreviousPage            -       rrr     rr-    rr-    .r-   rr-
  startCursor endCursor                  -       rrr     rr-    rr-    .r-   rr-
`

/**
 * Which of the records of rights-scene.ts each viewer meets, walking every path. Beside the columns above:
 * ward is ben, of whom the patient ann is guardian; colleague is a doctor of the same clinic with another service;
 * desk2 and doctor2 belong to the other clinic, where ann is known too.
 */
export const meetings = `
Patient
  patient    ann ben
  ward       ben
  desk       ann ben cleo dora ed gus hal kai lou
  doctor     ann ben dora ed hal kai lou
  colleague  cleo dora gus kai
  admin      ann
  solo       ann ben dora ed hal kai lou
  desk2      ann fay
  doctor2    ann fay

PatientMatch
  desk       ann ben cleo dora ed fay gus hal kai lou
  desk2      ann ben cleo dora ed fay gus hal kai lou

Appointment
  patient    ann-checked-in ann-booked ann-cancelled ann-elsewhere ben-past
  ward       ben-past
  desk       ann-checked-in ann-booked ann-cancelled ben-past cleo-booked dora-moved kai-moved lou-missed
  doctor     ann-checked-in ann-booked ann-cancelled ben-past dora-moved lou-missed
  colleague  cleo-booked kai-moved
  solo       ann-checked-in ann-booked ann-cancelled ben-past dora-moved lou-missed
  desk2      ann-elsewhere fay-booked
  doctor2    ann-elsewhere fay-booked

QueueEntry
  patient    ann-waits ann-left ann-elsewhere ben-inside
  ward       ben-inside
  desk       ann-waits ann-left ben-inside cleo-waits dora-moved ed-waits gus-waits hal-held hal-served kai-moved
  doctor     ann-waits ann-left ben-inside ed-waits hal-held hal-served kai-moved
  colleague  cleo-waits dora-moved gus-waits
  solo       ann-waits ann-left ben-inside ed-waits hal-held hal-served kai-moved
  desk2      ann-elsewhere fay-called
  doctor2    ann-elsewhere fay-called

Notification
  patient    to-ann to-ann-elsewhere to-ben
  ward       to-ben
  desk       to-ann to-ben to-cleo
  desk2      to-ann-elsewhere to-fay

User
  desk       rita dana dirk
  doctor     rita dana dirk
  colleague  dirk
  admin      rita dana dirk adam sol
  solo       rita dana dirk adam sol
  desk2      bea
  doctor2    bea bert
`
