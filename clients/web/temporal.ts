/** The browser's own Temporal; main.tsx sees to it that there is one before anything reads this. */
export const Temporal = (globalThis as { Temporal?: unknown }).Temporal
