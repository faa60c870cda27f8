/** The colours of clients/web/tokens.css, for screens that have no style sheets; a test holds the two together. */
export type Palette = Record<
  | 'grey0'
  | 'grey1'
  | 'grey2'
  | 'grey3'
  | 'grey4'
  | 'grey5'
  | 'grey6'
  | 'grey7'
  | 'grey8'
  | 'accent'
  | 'accentPress'
  | 'onAccent'
  | 'accentTint'
  | 'emergency'
  | 'emergencyTint'
  | 'urgent'
  | 'urgentTint'
  | 'focus',
  string
>

export const light: Palette = {
  grey0: '#ffffff',
  grey1: '#faf9f7',
  grey2: '#f2f0ec',
  grey3: '#e6e3dd',
  grey4: '#d3cfc7',
  grey5: '#8f8a80',
  grey6: '#67635b',
  grey7: '#45423c',
  grey8: '#1f1d1a',
  accent: '#0c5f5b',
  accentPress: '#084a47',
  onAccent: '#ffffff',
  accentTint: '#e2f0ee',
  emergency: '#b3261e',
  emergencyTint: '#fbe9e7',
  urgent: '#8f5600',
  urgentTint: '#fdf1dc',
  focus: '#0c5f5b',
}

export const dark: Palette = {
  grey0: '#1e1d1a',
  grey1: '#171614',
  grey2: '#262522',
  grey3: '#33312d',
  grey4: '#46433e',
  grey5: '#77736a',
  grey6: '#a8a399',
  grey7: '#cdc9c0',
  grey8: '#f3f1ec',
  accent: '#5cc2b8',
  accentPress: '#7fd3ca',
  onAccent: '#10211f',
  accentTint: '#1b3331',
  emergency: '#ff8a80',
  emergencyTint: '#3c1f1d',
  urgent: '#f5b942',
  urgentTint: '#38290f',
  focus: '#5cc2b8',
}

/** Everything stands in steps of this. */
export const step = 4
export const radius = 8
export const sizes = { small: 16, text: 20, large: 28, huge: 72 } as const
/** How long a movement takes, in milliseconds. */
export const motionMs = 180
