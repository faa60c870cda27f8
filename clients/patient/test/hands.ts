import { fireEventAsync, screen } from '@testing-library/react-native'

/** Touches and types as a person does, and waits for what comes at once. */
export const press = async (name: string | RegExp, role: 'button' | 'radio' = 'button'): Promise<void> =>
  fireEventAsync.press(await screen.findByRole(role, { name }))

export const write = async (label: string, text: string): Promise<void> =>
  fireEventAsync.changeText(await screen.findByLabelText(label), text)
