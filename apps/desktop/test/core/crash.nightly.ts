import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { custody, custodyKilled, type KillPoint } from './support/cli.ts'
import { type Destination, makeDestination } from './support/destination.ts'
import { entriesOf, expectWhole } from './support/run-end.ts'

vi.setConfig({ testTimeout: 3 * 3_600_000 })

const script = fileURLToPath(new URL('./support/chain.yaml', import.meta.url))
let home: string
let destination: Destination
let count = 0

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crash-nightly-'))
  destination = await makeDestination(home)
})
afterAll(async () => {
  await destination.hsm.close()
  rmSync(home, { recursive: true, force: true })
})

function rehearsal(): { dir: string; args: string[] } {
  count += 1
  const dir = join(home, `run-${count}`)
  return { dir, args: ['rehearse', script, '--destination', join(home, 'transport.json'), '--out', dir] }
}

/** Every place where a run can be cut: at each entry of a run that was not, and at each record of an attempt. */
async function everyPoint(who: KillPoint['who']): Promise<KillPoint[]> {
  const { dir, args } = rehearsal()
  expect((await custody(args)).code).toBe(4)
  const entries = entriesOf(dir)
  const attempts = entries
    .filter(({ kind, fact }) => kind === 'step.intended' && fact.ckaId !== '')
    .map(({ stepId }) => stepId)
  const edges = ['before', 'after'] as const
  return edges.flatMap((when) => [
    ...entries.map((_, entry): KillPoint => ({ who, when, entry })),
    ...attempts.map((attempt): KillPoint => ({ who, when, attempt })),
  ])
}

/** Cuts a run at the point and sees it to its end; null when that was a correct one, else what was not. */
async function cutAt(point: KillPoint): Promise<string | null> {
  const { dir, args } = rehearsal()
  try {
    const first = await custodyKilled(point, args)
    const struck = point.who === 'program' ? first.signal === 'SIGKILL' : first.stderr.includes('killed host')
    if (!struck) return 'the run never came to this point'
    const reached = await custody(['ceremony', 'status', dir])
    // Cut before its log is begun, nothing was done yet.
    if (reached.json?.code === 'CEREMONY-UNKNOWN') return null
    const ended = point.who === 'program' ? await custody(['ceremony', 'resume', dir]) : first
    if (ended.json?.state !== 'Exported') {
      return `${JSON.stringify(ended.json?.state ?? ended.json)} ${ended.stderr.slice(-400)}`
    }
    await expectWhole(dir, destination)
    return null
  } catch (error) {
    return String(error)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

test.each(['program', 'host'] as const)(
  'a SIGKILL of the %s at any edge leads to a correct end',
  async (who) => {
    const points = await everyPoint(who)
    expect(points.length).toBeGreaterThan(100)
    const wrong: [KillPoint, string][] = []
    for (const [index, point] of points.entries()) {
      const trouble = await cutAt(point)
      if (trouble !== null) wrong.push([point, trouble])
      if (trouble !== null || index % 20 === 19) {
        process.stderr.write(`${who}: ${index + 1} of ${points.length}, ${trouble ?? 'right so far'}\n`)
      }
    }
    expect(wrong).toEqual([])
  },
)
