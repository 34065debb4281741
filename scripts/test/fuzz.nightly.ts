import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { targets } from '../fuzz/targets.ts'
import { root } from '../root.ts'

const seconds = process.env.LUX_FUZZ_SECONDS ?? '60'

test.each(Object.keys(targets))('FUZZ %s takes whatever it is given', (name) => {
  const program = join(root, 'scripts/fuzz/run.ts')
  const { status, stderr } = spawnSync(process.execPath, [program, seconds, name], { encoding: 'utf8' })
  expect({ status, said: status === 0 ? '' : stderr.slice(-4000) }).toEqual({ status: 0, said: '' })
})
