import { createHash } from 'node:crypto'

export type SetupFields = { clinicName: string; timeZone: string; name: string; username: string }

export type SetupProblems = Partial<Record<keyof SetupFields | 'password', string>>

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

const page = (status: number, title: string, body: string): Response =>
  new Response(
    `<!doctype html>
<html lang="en">
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
        // The address is the secret: it goes nowhere else. The form itself must still say where it comes from.
        'referrer-policy': 'same-origin',
        'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      },
    },
  )

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

const field = (
  name: keyof SetupProblems,
  label: string,
  problems: SetupProblems,
  input: (attributes: string) => string,
): string => {
  const problem = problems[name]
  const attributes = `id="${name}" name="${name}" required${problem ? ` aria-invalid="true" aria-describedby="${name}-problem"` : ''}`
  return `<label for="${name}">${label}</label>
${input(attributes)}
${problem ? `<span class="problem" id="${name}-problem">It ${escapeHtml(problem)}.</span>` : ''}`
}

/** The form that makes the first clinic and its admin; the password is never written back. */
export const setupForm = (fields: SetupFields, problems: SetupProblems = {}): Response => {
  const wrong = Object.keys(problems).length > 0
  const text = (name: keyof SetupFields, more: string) => (attributes: string) =>
    `<input ${attributes} value="${escapeHtml(fields[name])}" ${more}>`
  return page(
    wrong ? 422 : 200,
    'Set up Anteroom',
    `<p>This makes your clinic and its first admin. Everything else is done by logging in as that admin.</p>
${wrong ? '<p class="problem" role="alert">Nothing was made yet. Please look at the marked fields.</p>' : ''}
<form method="post" accept-charset="utf-8">
${field('clinicName', 'Name of the clinic', problems, text('clinicName', 'maxlength="200" autocomplete="organization"'))}
${field(
  'timeZone',
  'Time zone of the clinic',
  problems,
  (attributes) =>
    `<select ${attributes}>${zones.map((zone) => `<option${zone === fields.timeZone ? ' selected' : ''}>${zone}</option>`).join('')}</select>`,
)}
${field('name', 'Your name', problems, text('name', 'maxlength="200" autocomplete="name"'))}
${field('username', 'Username <small>(letters a to z, digits, dot, underscore or hyphen)</small>', problems, text('username', 'maxlength="40" autocomplete="username" autocapitalize="none" spellcheck="false"'))}
${field('password', 'Password <small>(at least 8 characters)</small>', problems, (attributes) => `<input ${attributes} type="password" minlength="8" autocomplete="new-password">`)}
<button>Set up</button>
</form>`,
  )
}

export const setupDone = (fields: SetupFields, publicUrl: string): Response =>
  page(
    201,
    'Anteroom is set up',
    `<p>${escapeHtml(fields.clinicName)} has been made, with ${escapeHtml(fields.username)} as its first admin. This link no longer works.</p>
<p><a href="${escapeHtml(publicUrl)}">Go to Anteroom</a></p>`,
  )

/** 404 for a link that never was; 410 for one that was used or has expired. */
export const setupGone = (status: 404 | 410): Response =>
  page(
    status,
    status === 404 ? 'There is no such link' : 'This link no longer works',
    status === 404
      ? '<p>Please check the address: the server printed it when it started.</p>'
      : '<p>It has been used or has expired. As long as there is no admin, a restart of the server prints a new one.</p>',
  )

export const setupTrouble = (status: 400 | 405 | 500 | 503, words: string): Response =>
  page(status, 'That did not work', `<p>${escapeHtml(words)}</p>`)
