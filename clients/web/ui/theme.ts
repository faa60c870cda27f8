export type Theme = 'system' | 'light' | 'dark'

const KEY = 'anteroom.theme'

export const readTheme = (): Theme => {
  const stored = localStorage.getItem(KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

/** Puts a theme on the page and remembers it on this device. */
export const setTheme = (theme: Theme): void => {
  if (theme === 'system') {
    localStorage.removeItem(KEY)
    delete document.documentElement.dataset.theme
  } else {
    localStorage.setItem(KEY, theme)
    document.documentElement.dataset.theme = theme
  }
}
