import { getRandomValues, randomUUID } from 'expo-crypto'

// Hermes has no crypto; ids of operations need good random numbers.
if (!('crypto' in globalThis)) Object.assign(globalThis, { crypto: { getRandomValues, randomUUID } })
