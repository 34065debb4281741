import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of this test alone, removed after it. In a place that PostgreSQL's account can reach. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lux-server-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
