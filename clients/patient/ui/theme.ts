import { createContext, useContext } from 'react'
import { useColorScheme } from 'react-native'
import { dark, light, type Palette } from './tokens.ts'

/**
 * Asked for once, at the top: on the web, whoever hears of a change first draws everything anew, and what had asked further down
 * would miss it.
 */
export const usePaletteOfDevice = (): Palette => (useColorScheme() === 'dark' ? dark : light)

export const PaletteContext = createContext<Palette>(light)

/** The colours of a screen, as the reader's device is set. */
export const usePalette = (): Palette => useContext(PaletteContext)
