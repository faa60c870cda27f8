import { codeOfQr } from '@anteroom/api/patient/qr'
import type { PatientRecord } from '@anteroom/offline/model'
import { useOffline } from '@anteroom/offline/react'
import { useQuery } from '@apollo/client/react'
import { forwardRef, lazy, Suspense, useEffect, useId, useState } from 'react'
import { Button } from 'react-aria-components/Button'
import { Input } from 'react-aria-components/Input'
import { useTranslation } from 'react-i18next'
import { FindElsewhereDocument, FindPatientsDocument, type PersonFragment } from '../generated/graphql.ts'

const ScanDialog = lazy(() => import('./scan-dialog.tsx').then(({ ScanDialog }) => ({ default: ScanDialog })))

type Person = Pick<PersonFragment, 'id' | 'name' | 'phoneNumber' | 'dateOfBirth'>

/** What was found: a patient of this clinic, one of another clinic, or nobody yet. */
export type Found = { kind: 'person'; person: Person } | { kind: 'new'; text: string }

type Option = { id: string; name: string; detail: string; found: Found }

const NONE = '00000000-0000-0000-0000-000000000000'

const isNumber = (text: string): boolean => /^\+[0-9 ()-]{7,}$/.test(text)

/** Some browsers read QR codes with the camera by themselves. */
const canScan = 'BarcodeDetector' in globalThis && 'mediaDevices' in navigator

const usePause = (text: string, milliseconds: number): string => {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), milliseconds)
    return () => clearTimeout(timer)
  }, [text, milliseconds])
  return paused
}

/** Whom of this device's records a code belongs to; undefined until that is known. */
const useKnown = (code: string | null): PatientRecord | null | undefined => {
  const { engine } = useOffline()
  const [known, setKnown] = useState<{ code: string; person: PatientRecord | null }>()
  useEffect(() => {
    if (code === null || !engine) return
    let isOver = false
    const patients = engine.records().patients as ReadonlyMap<string, PatientRecord>
    void import('./known-code.ts')
      .then(({ personOfCode }) => personOfCode(patients.values(), code))
      .catch(() => null)
      .then((person) => isOver || setKnown({ code, person }))
    return () => {
      isOver = true
    }
  }, [code, engine])
  return known?.code === code ? known.person : undefined
}

/** One box: a name or number that is typed, or a code that a scanner types, to somebody who is known or will be. */
export const Finder = forwardRef<HTMLInputElement, { onFound: (found: Found) => void }>(({ onFound }, ref) => {
  const { t } = useTranslation()
  const listId = useId()
  const [text, setText] = useState('')
  const [activeAt, setActiveAt] = useState(0)
  const [isOpen, setOpen] = useState(false)
  const [isEntered, setEntered] = useState(false)
  const [isScanning, setScanning] = useState(false)
  const typed = text.trim()
  const search = usePause(typed, 100)
  const code = codeOfQr(search)
  const known = useKnown(code)
  const asksElsewhere = isNumber(search) || (code !== null && known === null)
  const { data, loading } = useQuery(FindPatientsDocument, {
    variables: { search },
    skip: search.length < 2 || code !== null,
    fetchPolicy: 'cache-and-network',
  })
  const {
    data: elsewhere,
    loading: isAsking,
    error: unasked,
  } = useQuery(FindElsewhereDocument, {
    variables: code ? { code } : { phoneNumber: asksElsewhere ? search.replace(/[ ()-]/g, '') : NONE },
    skip: !asksElsewhere,
    fetchPolicy: 'network-only',
  })

  const isSettled = search === typed && !loading && !isAsking && (code === null || known !== undefined)
  const listed = search.length < 2 || code !== null ? [] : (data?.patients?.edges ?? []).map(({ node }) => node)
  const people: Person[] = known ? [{ phoneNumber: null, dateOfBirth: null, ...known }] : listed
  const match = asksElsewhere ? elsewhere?.findPatient : null
  const options: Option[] = [
    ...people.map((person) => ({
      id: person.id,
      name: person.name,
      detail: [person.phoneNumber, person.dateOfBirth].filter(Boolean).join(' · '),
      found: { kind: 'person' as const, person },
    })),
    ...(match && !people.some(({ id }) => id === match.id)
      ? [
          {
            id: match.id,
            name: match.name,
            // Whoever is found by a code may be of this clinic or not.
            detail: [code ? null : t('finder.elsewhere'), match.birthYear].filter(Boolean).join(' · '),
            found: { kind: 'person' as const, person: { ...match, phoneNumber: null, dateOfBirth: null } },
          },
        ]
      : []),
    // Last, and only when it is known who else it may be: a list that grows above it would move it under the key.
    ...(isSettled && typed.length > 1 && codeOfQr(typed) === null
      ? [
          {
            id: 'new',
            name: t('finder.register', { name: typed }),
            detail: '',
            found: { kind: 'new' as const, text: typed },
          },
        ]
      : []),
  ]
  const isListed = isOpen && typed.length > 1
  const active = options[Math.min(activeAt, options.length - 1)]

  const choose = (option: Option | undefined) => {
    if (!option) return
    // What opens now gives the focus back when it closes: to the board and its keys, not to this box.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    setText('')
    setOpen(false)
    setEntered(false)
    setActiveAt(0)
    onFound(option.found)
  }

  // Until the answer is there, nobody knows whether this is somebody who is known: Enter then waits for it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once it is settled, whatever was chosen until then.
  useEffect(() => {
    if (isEntered && isSettled) choose(active)
  }, [isEntered, isSettled])

  return (
    <div className="finder">
      <Input
        ref={ref}
        className="input"
        role="combobox"
        aria-label={t('finder.label')}
        aria-expanded={isListed}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isListed && active ? `${listId}-${active.id}` : undefined}
        placeholder={t('finder.placeholder')}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value)
          setActiveAt(0)
          setEntered(false)
          setOpen(true)
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setActiveAt(Math.min(options.length - 1, activeAt + 1))
          else if (event.key === 'ArrowUp') setActiveAt(Math.max(0, activeAt - 1))
          else if (event.key === 'Enter') {
            if (isSettled) choose(active)
            else setEntered(true)
          } else if (event.key === 'Escape') {
            setText('')
            event.currentTarget.blur()
          } else return
          event.preventDefault()
        }}
      />
      <span className="key finder-key" aria-hidden="true">
        /
      </span>
      {canScan && (
        <Button className="finder-scan" aria-label={t('finder.scan')} onPress={() => setScanning(true)}>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path
              d="M2 6V2h4m8 0h4v4m0 8v4h-4m-8 0H2v-4M6 6h8v8H6z"
              fill="none"
              stroke="currentColor"
              strokeWidth="2"
            />
          </svg>
        </Button>
      )}
      <Suspense>
        {isScanning && (
          <ScanDialog
            onCode={(code) => {
              setScanning(false)
              setText(code)
              setOpen(true)
              setEntered(true)
            }}
            onClose={() => setScanning(false)}
          />
        )}
      </Suspense>
      {isListed && (
        <div className="menu finder-list" role="listbox" id={listId} aria-label={t('finder.label')}>
          {options.map((option) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the box's.
            // biome-ignore lint/a11y/useFocusableInteractive: the box holds the focus and names its active option.
            <div
              key={option.id}
              id={`${listId}-${option.id}`}
              role="option"
              aria-selected={option === active}
              className={option === active ? 'menu-item is-active' : 'menu-item'}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(option)}
            >
              <span>{option.name}</span>
              <span className="quiet">{option.detail}</span>
            </div>
          ))}
          {options.length === 0 && (
            // biome-ignore lint/a11y/useFocusableInteractive: says that nobody was found.
            <div className="menu-item quiet" role="option" aria-selected={false} aria-disabled="true">
              {t(!isSettled ? 'finder.looking' : unasked ? 'finder.codeOffline' : 'finder.nobody')}
            </div>
          )}
        </div>
      )}
    </div>
  )
})
