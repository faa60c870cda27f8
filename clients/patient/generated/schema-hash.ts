export const SCHEMA = 'e11bd2dcb0b69c78'
