// The GSM 7-bit alphabet (3GPP TS 23.038): a text within it costs half of what one outside it does.
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
/** Characters that are sent as two. */
const EXTENDED = '\f^{}\\[~]|€'

const basic = new Set(BASIC)
const extended = new Set(EXTENDED)

const SEPTETS_ALONE = 160
const SEPTETS_IN_PARTS = 153
const UNITS_ALONE = 70
const UNITS_IN_PARTS = 67

/** Letters and marks that fall apart into no letter of the alphabet by themselves. */
const substitutes: Record<string, string> = {
  ç: 'c',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'Th',
  œ: 'oe',
  Œ: 'OE',
  ı: 'i',
  ẞ: 'SS',
  '’': "'",
  '‘': "'",
  '‚': "'",
  '`': "'",
  '´': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '"',
  '»': '"',
  '‐': '-',
  '‑': '-',
  '–': '-',
  '—': '-',
  '−': '-',
  '•': '-',
  '·': '-',
  '…': '...',
  '№': 'No.',
  '\t': ' ',
}

const septetsOf = (character: string): number => (basic.has(character) ? 1 : extended.has(character) ? 2 : Number.NaN)

const isBlank = (character: string): boolean => /\s/u.test(character)

/** One character in letters of the alphabet: the same, without its accent, a substitute, or nothing. */
const transliterated = (character: string): string => {
  if (!Number.isNaN(septetsOf(character))) return character
  const substitute = substitutes[character]
  if (substitute !== undefined) return substitute
  if (isBlank(character)) return ' '
  const [bare = ''] = character.normalize('NFKD')
  return Number.isNaN(septetsOf(bare)) ? '' : bare
}

/** True where a text can be sent in the GSM 7-bit alphabet. */
export const isGsm7 = (text: string): boolean => [...text].every((character) => !Number.isNaN(septetsOf(character)))

/** A text brought into the GSM 7-bit alphabet: é, ñ and ü stay, á becomes a, what has no likeness is left out. */
export const toGsm7 = (text: string): string => [...text.normalize('NFC')].map(transliterated).join('')

/** How many septets a text of the alphabet takes; NaN for any other. */
export const septets = (text: string): number => [...text].reduce((total, character) => total + septetsOf(character), 0)

/** How many SMS a text is sent as. */
export const segments = (text: string): number => {
  const length = isGsm7(text) ? septets(text) : text.length
  const [alone, inParts] = isGsm7(text) ? [SEPTETS_ALONE, SEPTETS_IN_PARTS] : [UNITS_ALONE, UNITS_IN_PARTS]
  return length <= alone ? 1 : Math.ceil(length / inParts)
}

/** The beginning of a text of the alphabet that takes at most so many septets; what is cut ends in two dots. */
export const cutToSeptets = (text: string, most: number): string => {
  if (septets(text) <= most) return text
  let kept = ''
  let taken = 0
  for (const character of text) {
    taken += septetsOf(character)
    if (taken > most - 2) break
    kept += character
  }
  return `${kept.trimEnd()}..`
}
