/** What a patient's QR says: their code behind a slash, the key that leads to the desk's find box, so that a scanner that types ends up in it. */
export const qrOfCode = (code: string): string => `/${code}`

/** The code in what was scanned or typed, with the slash or without; null where it is none. No name of 22 letters looks like one. */
export const codeOfQr = (text: string): string | null => {
  const code = /^\/?([\w-]{22})$/.exec(text.trim())?.[1] ?? ''
  return /[0-9_-]|[a-z][A-Z]/.test(code) ? code : null
}
