import type { KeyValue } from '@anteroom/offline/key-value'
import AsyncStorage from '@react-native-async-storage/async-storage'
import { bounded, withOneCache } from './bounded.ts'

/** What a phone keeps beside its log. */
export const createTexts = (): KeyValue =>
  withOneCache(
    bounded({
      get: (key) => AsyncStorage.getItem(key),
      set: (key, value) => AsyncStorage.setItem(key, value),
      delete: (key) => AsyncStorage.removeItem(key),
    }),
    () => AsyncStorage.getAllKeys(),
  )
