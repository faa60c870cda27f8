import type { Language } from '../notification/texts.ts'

type Words = {
  title: string
  text: string
  notYet: string
  fields: Record<
    'clinicName' | 'timeZone' | 'name' | 'username' | 'password',
    { label: string; hint?: string; rule: string }
  >
  send: string
  doneTitle: string
  done: (clinicName: string, username: string) => string
  go: string
  unknownTitle: string
  unknown: string
  goneTitle: string
  gone: string
  troubleTitle: string
  trouble: Record<400 | 405 | 500 | 503, string>
}

const en: Words = {
  title: 'Set up Anteroom',
  text: 'This makes your clinic and its first admin. Everything else is done by logging in as that admin.',
  notYet: 'Nothing was made yet. Please look at the marked fields.',
  fields: {
    clinicName: { label: 'Name of the clinic', rule: 'It must be one line of 1 to 200 characters.' },
    timeZone: { label: 'Time zone of the clinic', rule: 'It must be one of the list.' },
    name: { label: 'Your name', rule: 'It must be one line of 1 to 200 characters.' },
    username: {
      label: 'Username',
      hint: 'letters a to z, digits, dot, underscore or hyphen',
      rule: 'It must have 3 to 40 characters: letters a to z, digits, dot, underscore or hyphen.',
    },
    password: {
      label: 'Password',
      hint: 'at least 8 characters',
      rule: 'It must have at least 8 characters, and at most 72 bytes: a letter with an accent takes two.',
    },
  },
  send: 'Set up',
  doneTitle: 'Anteroom is set up',
  done: (clinicName, username) =>
    `${clinicName} has been made, with ${username} as its first admin. This link no longer works.`,
  go: 'Go to Anteroom',
  unknownTitle: 'There is no such link',
  unknown: 'Please check the address: the server printed it when it started.',
  goneTitle: 'This link no longer works',
  gone: 'It has been used or has expired. As long as there is no admin, a restart of the server prints a new one.',
  troubleTitle: 'That did not work',
  trouble: {
    400: 'The form did not arrive whole. Please send it again.',
    405: 'This address takes GET and POST.',
    500: 'An unexpected error; it stands in the log of the server.',
    503: 'The database cannot be reached at present. Please try again.',
  },
}

const es: Words = {
  title: 'Preparar Anteroom',
  text: 'Aquí se crean su clínica y su primer administrador. Todo lo demás se hace entrando como ese administrador.',
  notYet: 'Aún no se creó nada. Revise los campos marcados.',
  fields: {
    clinicName: { label: 'Nombre de la clínica', rule: 'Debe ser una línea de 1 a 200 caracteres.' },
    timeZone: { label: 'Zona horaria de la clínica', rule: 'Debe ser una de la lista.' },
    name: { label: 'Su nombre', rule: 'Debe ser una línea de 1 a 200 caracteres.' },
    username: {
      label: 'Nombre de usuario',
      hint: 'letras de la a a la z sin acentos, cifras, punto, guion bajo o guion',
      rule: 'Debe tener de 3 a 40 caracteres: letras de la a a la z sin acentos, cifras, punto, guion bajo o guion.',
    },
    password: {
      label: 'Contraseña',
      hint: '8 caracteres como mínimo',
      rule: 'Debe tener al menos 8 caracteres y como mucho 72 bytes: una letra con acento ocupa dos.',
    },
  },
  send: 'Preparar',
  doneTitle: 'Anteroom está preparado',
  done: (clinicName, username) =>
    `Se creó ${clinicName}, con ${username} como primer administrador. Este enlace ya no sirve.`,
  go: 'Ir a Anteroom',
  unknownTitle: 'No existe este enlace',
  unknown: 'Compruebe la dirección: el servidor la mostró al arrancar.',
  goneTitle: 'Este enlace ya no sirve',
  gone: 'Ya se usó o caducó. Mientras no haya administrador, el servidor muestra uno nuevo cada vez que arranca.',
  troubleTitle: 'No se pudo hacer',
  trouble: {
    400: 'El formulario no llegó entero. Envíelo otra vez.',
    405: 'Esta dirección acepta GET y POST.',
    500: 'Un error inesperado; está en el registro del servidor.',
    503: 'Ahora no se puede llegar a la base de datos. Inténtelo otra vez.',
  },
}

/** What the page behind the set-up link says, in each language of the staff. */
export const setupWords: Record<Language, Words> = { en, es }

/** Each language by its own name. */
export const languageNames: Record<Language, string> = { en: 'English', es: 'Español' }
