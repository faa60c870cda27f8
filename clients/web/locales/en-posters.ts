/** The English texts of the posters, which are printed in every language of the clinic at once. */
export const posters = {
  posters: {
    text: 'Print it on A4 and hang it up. Who scans it has nothing to install.',
    which: 'Poster',
    door: 'For the door: check in oneself',
    remote: 'For home: join the queue from afar',
    print: 'Print',
    noDoor: 'Checking in oneself is off. Allow it under Clinic, then print the poster.',
    noRemote: 'No service can be joined from afar. Allow it at a service, then print the poster.',
    local:
      'This address works on this machine only: {{address}}. Open this page under the clinic’s own address, then print.',
    preview: 'The poster',
    code: 'QR code of {{address}}',
    doorTitle: 'You are here? Check in by phone',
    doorSteps: [
      'Scan this code, or use the tablet.',
      'Type your phone number and birth date.',
      'Take a seat. Your place is on your phone.',
    ],
    remoteTitle: 'Wait wherever you like',
    remoteSteps: [
      'Scan this code at home or on your way.',
      'Log in, or register with your phone number.',
      'Take your ticket, and come when it is almost your turn.',
    ],
    for: 'For {{services}}',
  },
}
