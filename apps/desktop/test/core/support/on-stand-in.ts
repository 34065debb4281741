import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startStandIn } from '../../../../../packages/hsm/test/stand-in/stand-ins.ts'
import { rehearsed } from './rehearsed.ts'

/** The shortest ceremony with a root, on the stand-in of a make, whose profile the plan names. */
export async function heldOnStandIn(vendor: string, variant: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), `on-stand-in-${vendor}-`))
  const { hsm, serial, pin, close } = await startStandIn(vendor, variant)
  try {
    await rehearsed({
      hsm,
      dir,
      script: 'root-kek',
      values: { profile: vendor },
      tokens: (pinsFile) => {
        mkdirSync(dirname(pinsFile), { recursive: true })
        const user = Buffer.from(pin()).toString()
        writeFileSync(pinsFile, JSON.stringify({ so: '87654321', user }), { mode: 0o600 })
        return [{ role: 'ceremony', serial }]
      },
    })
  } finally {
    await close()
    rmSync(dir, { recursive: true, force: true })
  }
}
