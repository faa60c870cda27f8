import type { PassedCause } from '@anteroom/api/queue/history'

type Screen = { title: string; text: string }

/** Every text of the page behind the link in a message; each language has all of them. */
export type Words = {
  language: string
  /** The other language, in its own name, and its tag. */
  other: { tag: 'en' | 'es'; name: string }
  ticket: string
  place: string
  next: string
  range: (low: number, high: number) => string
  rangeMeans: string
  noRange: string
  ahead: (people: number) => string
  movedUp: (from: number, to: number) => string
  movedBack: (from: number, to: number) => string
  /** Where it is not known why. */
  whyBack: string
  passed: Record<PassedCause, string>
  wasPassed: string
  returned: string
  live: string
  connecting: string
  asOf: (time: string) => string
  lost: string
  room: (room: string) => string
  comeIn: string
  yourTurn: string
  comeToDesk: string
  screens: Record<
    'onHold' | 'inService' | 'served' | 'left' | 'noShow' | 'early' | 'ended' | 'unknown' | 'away',
    Screen
  >
  sound: { on: string; isOn: string }
  stop: { open: string; text: string; act: string; done: string; failed: string }
  leave: {
    open: string
    way: string
    minutes: string
    at: (time: string) => string
    now: string
    means: string
    unknown: string
  }
  account: string
}

export const en: Words = {
  language: 'en',
  other: { tag: 'es', name: 'Español' },
  ticket: 'Ticket',
  place: 'Your place',
  next: 'You are next',
  range: (low, high) => (low === high ? `about ${low} min` : `about ${low}–${high} min`),
  rangeMeans: 'Nine in ten people wait within this time.',
  noRange: 'How long it takes is not known yet.',
  ahead: (people) =>
    people === 0 ? 'Nobody is before you' : people === 1 ? '1 person is before you' : `${people} people are before you`,
  movedUp: (from, to) => `You moved up from ${from} to ${to}.`,
  movedBack: (from, to) => `Your place went from ${from} to ${to}.`,
  whyBack: 'Urgent patients and earlier appointments come first.',
  passed: {
    EARLIER_SLOT: 'Somebody with an earlier appointment came in.',
    MORE_URGENT: 'Somebody is more urgent.',
    CAME_BACK: 'Somebody came back to their place.',
    CAME_EARLIER: 'Somebody who has waited longer was sent over from another service.',
    DESK: 'The desk let somebody go first.',
  },
  wasPassed: 'Somebody has gone before you.',
  returned: 'You are back in the queue.',
  live: 'Live',
  connecting: 'Connecting …',
  asOf: (time) => `As of ${time}`,
  lost: 'No connection. This page tries again by itself.',
  room: (room) => `Room ${room}`,
  comeIn: 'Please come in',
  yourTurn: 'Your turn',
  comeToDesk: 'Please come to the desk',
  screens: {
    onHold: {
      title: 'Your place is kept',
      text: 'You are not called at the moment. The desk puts you back in the queue.',
    },
    inService: { title: 'You are with the doctor', text: 'You can close this page.' },
    served: { title: 'Your visit has ended', text: 'Thank you for waiting. You can close this page.' },
    left: {
      title: 'You are not in the queue any more',
      text: 'If you are still waiting, please tell the desk.',
    },
    noShow: {
      title: 'You were called and not there',
      text: 'Please come to the desk. They can put you back in the queue.',
    },
    early: {
      title: 'You are not checked in yet',
      text: 'Your place in the queue appears here as soon as you have checked in at the clinic.',
    },
    ended: { title: 'This visit has ended', text: 'There is nothing more to see here. You can close this page.' },
    unknown: {
      title: 'This link does not work',
      text: 'Open it again from the message, all of it. The desk can tell you your place too.',
    },
    away: {
      title: 'Your place cannot be shown now',
      text: 'Nothing is lost, and you keep your place. This page tries again by itself.',
    },
  },
  sound: { on: 'Turn sound on', isOn: 'Sound is on while this page is open.' },
  stop: {
    open: 'Stop messages',
    text: 'You will get no more messages about this visit, not even when you are called. To stop messages about all visits, reply STOP to one of them.',
    act: 'Stop messages about this visit',
    done: 'Messages about this visit are stopped.',
    failed: 'It did not work, and nothing was changed. Please try again.',
  },
  leave: {
    open: 'When to leave home',
    way: 'My way to the clinic takes',
    minutes: 'min',
    at: (time) => `Leave home at ${time}.`,
    now: 'It is time to leave home.',
    means: 'Reckoned from the shortest wait in the range; it moves with the queue. Your minutes stay on this phone.',
    unknown: 'How long it takes is not known yet, so please stay near.',
  },
  account: 'Check in, leave the queue or say that you are late: open my account',
}

export const es: Words = {
  language: 'es',
  other: { tag: 'en', name: 'English' },
  ticket: 'Turno',
  place: 'Su puesto',
  next: 'Es usted el siguiente',
  range: (low, high) => (low === high ? `unos ${low} min` : `unos ${low}–${high} min`),
  rangeMeans: 'Nueve de cada diez personas esperan este tiempo.',
  noRange: 'Todavía no se sabe cuánto falta.',
  ahead: (people) =>
    people === 0
      ? 'No hay nadie delante de usted'
      : people === 1
        ? 'Hay 1 persona delante de usted'
        : `Hay ${people} personas delante de usted`,
  movedUp: (from, to) => `Ha avanzado del puesto ${from} al ${to}.`,
  movedBack: (from, to) => `Ha pasado del puesto ${from} al ${to}.`,
  whyBack: 'Los pacientes urgentes y las citas anteriores van primero.',
  passed: {
    EARLIER_SLOT: 'Ha llegado alguien con una cita anterior.',
    MORE_URGENT: 'Hay alguien más urgente.',
    CAME_BACK: 'Alguien ha vuelto a su puesto.',
    CAME_EARLIER: 'Ha venido de otro servicio alguien que espera desde antes.',
    DESK: 'El mostrador ha dejado pasar a alguien.',
  },
  wasPassed: 'Alguien ha pasado delante de usted.',
  returned: 'Está de nuevo en la cola.',
  live: 'En directo',
  connecting: 'Conectando …',
  asOf: (time) => `A las ${time}`,
  lost: 'Sin conexión. Esta página lo intenta de nuevo sola.',
  room: (room) => `Sala ${room}`,
  comeIn: 'Pase, por favor',
  yourTurn: 'Su turno',
  comeToDesk: 'Pase por el mostrador, por favor',
  screens: {
    onHold: { title: 'Le guardamos el puesto', text: 'Ahora no se le llama. El mostrador le devolverá a la cola.' },
    inService: { title: 'Está en la consulta', text: 'Puede cerrar esta página.' },
    served: { title: 'Su visita ha terminado', text: 'Gracias por esperar. Puede cerrar esta página.' },
    left: { title: 'Ya no está en la cola', text: 'Si todavía espera, dígalo en el mostrador, por favor.' },
    noShow: {
      title: 'Se le llamó y no estaba',
      text: 'Pase por el mostrador, por favor. Allí pueden devolverle a la cola.',
    },
    early: {
      title: 'Todavía no se ha registrado su llegada',
      text: 'Su puesto en la cola aparece aquí en cuanto se registre en el centro.',
    },
    ended: { title: 'Esta visita ha terminado', text: 'Aquí no hay nada más que ver. Puede cerrar esta página.' },
    unknown: {
      title: 'Este enlace no funciona',
      text: 'Ábralo otra vez desde el mensaje, completo. En el mostrador también pueden decirle su puesto.',
    },
    away: {
      title: 'Ahora no se puede mostrar su puesto',
      text: 'No se pierde nada y usted conserva su puesto. Esta página lo intenta de nuevo sola.',
    },
  },
  sound: { on: 'Activar el sonido', isOn: 'El sonido está activado mientras esta página esté abierta.' },
  stop: {
    open: 'No recibir mensajes',
    text: 'No recibirá más mensajes sobre esta visita, ni siquiera cuando se le llame. Para no recibir mensajes sobre ninguna visita, responda STOP a uno de ellos.',
    act: 'No recibir mensajes sobre esta visita',
    done: 'Ya no recibirá mensajes sobre esta visita.',
    failed: 'No ha funcionado y no ha cambiado nada. Inténtelo otra vez, por favor.',
  },
  leave: {
    open: 'Cuándo salir de casa',
    way: 'Mi camino al centro dura',
    minutes: 'minutos',
    at: (time) => `Salga de casa a las ${time}.`,
    now: 'Es hora de salir de casa.',
    means: 'Se calcula con la espera más corta y cambia con la cola. Sus minutos se guardan en este teléfono.',
    unknown: 'Todavía no se sabe cuánto falta; no se aleje, por favor.',
  },
  account: 'Registrar la llegada, dejar la cola o avisar de un retraso: abrir mi cuenta',
}

export const wordsIn = (language: 'en' | 'es'): Words => (language === 'es' ? es : en)
