import { createHash } from 'node:crypto'
import type { Language } from '../notification/texts.ts'
import { languageNames, setupWords } from './setup-words.ts'

export type SetupFields = { clinicName: string; timeZone: string; name: string; username: string }

export type SetupField = keyof SetupFields | 'password'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 30rem; margin: 3rem auto; padding: 0 1rem }
label { display: block; margin-top: 1rem; font-weight: 600 }
input, select { display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .5rem; font: inherit }
button { margin-top: 1.5rem; padding: .6rem 1.2rem; font: inherit; font-weight: 600 }
small { font-weight: 400 }
.problem { color: light-dark(#b00020, #ff8a95); font-weight: 400 }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string)

const otherLanguages = (language: Language): string =>
  (Object.keys(languageNames) as Language[])
    .filter((other) => other !== language)
    .map((other) => `<a href="?language=${other}" hreflang="${other}" lang="${other}">${languageNames[other]}</a>`)
    .join(' ')

const page = (status: number, language: Language, title: string, body: string): Response =>
  new Response(
    `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`,
    {
      status,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-language': language,
        // The address is the secret: it goes nowhere else. The form itself must still say where it comes from.
        'referrer-policy': 'same-origin',
        'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      },
    },
  )

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

/** The form that makes the first clinic and its admin; the password is never written back. */
export const setupForm = (language: Language, fields: SetupFields, problems: readonly SetupField[] = []): Response => {
  const words = setupWords[language]
  const field = (name: SetupField, input: (attributes: string) => string): string => {
    const { label, hint, rule } = words.fields[name]
    const isWrong = problems.includes(name)
    const attributes = `id="${name}" name="${name}" required${isWrong ? ` aria-invalid="true" aria-describedby="${name}-problem"` : ''}`
    return `<label for="${name}">${label}${hint ? ` <small>(${hint})</small>` : ''}</label>
${input(attributes)}
${isWrong ? `<span class="problem" id="${name}-problem">${rule}</span>` : ''}`
  }
  const text = (name: keyof SetupFields, more: string): string =>
    field(name, (attributes) => `<input ${attributes} value="${escapeHtml(fields[name])}" ${more}>`)
  return page(
    problems.length > 0 ? 422 : 200,
    language,
    words.title,
    `<p>${words.text}</p>
${problems.length > 0 ? `<p class="problem" role="alert">${words.notYet}</p>` : ''}
<form method="post" accept-charset="utf-8">
${text('clinicName', 'maxlength="200" autocomplete="organization"')}
${field(
  'timeZone',
  (attributes) =>
    `<select ${attributes}>${zones.map((zone) => `<option${zone === fields.timeZone ? ' selected' : ''}>${zone}</option>`).join('')}</select>`,
)}
${text('name', 'maxlength="200" autocomplete="name"')}
${text('username', 'maxlength="40" autocomplete="username" autocapitalize="none" spellcheck="false"')}
${field('password', (attributes) => `<input ${attributes} type="password" minlength="8" autocomplete="new-password">`)}
<button>${words.send}</button>
</form>
<p>${otherLanguages(language)}</p>`,
  )
}

export const setupDone = (language: Language, fields: SetupFields, publicUrl: string): Response => {
  const words = setupWords[language]
  return page(
    201,
    language,
    words.doneTitle,
    `<p>${escapeHtml(words.done(fields.clinicName, fields.username))}</p>
<p><a href="${escapeHtml(publicUrl)}">${words.go}</a></p>`,
  )
}

/** 404 for a link that never was; 410 for one that was used or has expired. */
export const setupGone = (language: Language, status: 404 | 410): Response => {
  const { unknownTitle, unknown, goneTitle, gone } = setupWords[language]
  const [title, text] = status === 404 ? [unknownTitle, unknown] : [goneTitle, gone]
  return page(status, language, title, `<p>${text}</p>`)
}

export const setupTrouble = (language: Language, status: 400 | 405 | 500 | 503): Response => {
  const { troubleTitle, trouble } = setupWords[language]
  return page(status, language, troubleTitle, `<p>${trouble[status]}</p>`)
}
