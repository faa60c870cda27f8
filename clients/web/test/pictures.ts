import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'

const folder = process.env.ANTEROOM_PICTURES

/** A picture of what a test sees, to look at: only where ANTEROOM_PICTURES names a folder for it. */
export const picture = async (page: Page, name: string): Promise<void> => {
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}/${name}.png` })
}
