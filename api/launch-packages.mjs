import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const packagesIn = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return {}
  }
}

/** What package-lock.json asks for and npm has not installed, or in another version. npm notes what it installed in node_modules. */
export const lackingPackages = (root) => {
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'))
  return Object.entries(packagesIn(join(root, 'package-lock.json')))
    .filter(([path, wanted]) => {
      if (!path.includes('node_modules/')) return false
      const found = installed[path]
      if (!found)
        return !wanted.optional && !((wanted.dev || wanted.devOptional) && process.env.NODE_ENV === 'production')
      return !wanted.link && found.version !== wanted.version
    })
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
}
