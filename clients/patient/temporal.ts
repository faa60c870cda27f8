type Global = typeof globalThis & { Temporal: Record<PropertyKey, unknown> }

/** The browser's own, looked up when it is used: an older browser gets it after this file was read. */
export const Temporal = new Proxy({}, { get: (_, name) => (globalThis as Global).Temporal[name] })
