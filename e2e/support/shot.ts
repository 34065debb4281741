import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** For the guides: pictures of docs/images are these, where LUX_SHOTS names a folder. */
export async function shot(page: Page, name: string): Promise<void> {
  const { LUX_SHOTS } = process.env
  if (LUX_SHOTS !== undefined) await page.screenshot({ path: join(LUX_SHOTS, `${name}.png`) })
}
