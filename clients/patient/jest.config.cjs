const preset = require('jest-expo/jest-preset')

const SCRIPT = '\\.[jt]sx?$'
const [translate, options] = preset.transform[SCRIPT]

/** The screens as a phone draws them; `test/screens.test.ts` runs this within the other tests. */
module.exports = {
  preset: 'jest-expo',
  testMatch: ['**/*.screen.tsx'],
  testTimeout: 60_000,
  // In place of the phone: what it does is told, and nothing of it is native.
  moduleNameMapper: { ...preset.moduleNameMapper, '^\\.{1,2}/device$': '<rootDir>/test/device.ts' },
  // Screens that are loaded when they are first shown; Metro does that by itself.
  transform: {
    ...preset.transform,
    [SCRIPT]: [translate, { ...options, plugins: [require.resolve('@babel/plugin-transform-dynamic-import')] }],
  },
  // Packages that come as modules of today are translated like our own files.
  transformIgnorePatterns: [
    '/node_modules/(?!(.pnpm|(jest-)?react-native|@react-native(-community)?|expo(nent)?|@expo(nent)?/.*|expo-modules-core|@testing-library/react-native|temporal-polyfill|temporal-utils|uqr)(/|$))',
  ],
}
