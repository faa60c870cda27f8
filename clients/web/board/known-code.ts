import type { PatientRecord } from '@anteroom/offline/model'

/** The patient of this device's records whose QR says this code; null where there is none, or the browser cannot reckon its mark. */
export const personOfCode = async (patients: Iterable<PatientRecord>, code: string): Promise<PatientRecord | null> => {
  // Pages that do not come over HTTPS have no subtle cryptography.
  const digest = await crypto.subtle?.digest('SHA-256', new TextEncoder().encode(code))
  if (!digest) return null
  const mark = btoa(String.fromCharCode(...new Uint8Array(digest, 0, 12)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  for (const patient of patients) if (patient.codeMark === mark) return patient
  return null
}
