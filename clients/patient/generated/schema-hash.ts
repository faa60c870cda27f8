export const SCHEMA = '01b60fcd0c8411ea'
