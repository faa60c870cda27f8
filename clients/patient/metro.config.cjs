const path = require('node:path')
const { getDefaultConfig } = require('expo/metro-config')

const config = getDefaultConfig(__dirname)

// The builds of which only what is used is taken along: two thirds of graphql and rxjs are not.
config.resolver.unstable_conditionNames = ['module', 'es2015']

// Browsers have Temporal, or get it from index.web.ts before anything needs it.
const temporal = path.join(__dirname, 'temporal.ts')
config.resolver.resolveRequest = (context, name, platform) =>
  platform === 'web' && name === 'temporal-polyfill'
    ? { type: 'sourceFile', filePath: temporal }
    : context.resolveRequest(context, name, platform)

module.exports = config
