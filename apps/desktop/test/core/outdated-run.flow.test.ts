import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryCodec, headerCodec } from '@lux/ceremony/transcript'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RunFolder } from '../../src/core/runs/folder/run-folder.ts'
import { RunDatabase } from '../../src/core/store/run-database.ts'
import { custody, custodyKilled } from './support/cli.ts'
import { entriesOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 180_000 })

const script = fileURLToPath(new URL('./support/chain.yaml', import.meta.url))

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'outdated-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** The log as a build without the rule about UNWRAP_TEMPLATE wrote it: the token had none, and nobody was asked. */
function writtenByEarlierBuild(dir: string, step: string): void {
  const folder = RunFolder.open(dir)
  const lines = [...folder.lines()]
  folder.close()
  for (const end of ['', '-wal', '-shm']) rmSync(join(dir, `ceremony.db${end}`), { force: true })
  const log = new RunDatabase(join(dir, 'ceremony.db'))
  log.writeHeader(headerCodec.encode(folder.header))
  log.append(
    lines.map((one) => {
      const read = entryCodec.parse(one.line)
      if (!read.ok || one.kind !== 'step.performed' || one.step !== step) return one
      const weak = JSON.parse(JSON.stringify(read.value))
      weak.fact.result.evidence.attributes.UNWRAP_TEMPLATE = ''
      return { ...one, line: entryCodec.encode(weak) }
    }),
  )
  log.close()
}

test.each(['generate-root', 'read-back-root'])(
  'HISTORY-03 a run with a weak %s of an earlier build is named and does nothing, and abort is the way out',
  async (step) => {
    const dir = join(home, 'run')
    await custodyKilled({ who: 'program', when: 'after', entry: 'step.performed', step }, [
      ...['rehearse', script, '--out', dir],
    ])
    writtenByEarlierBuild(dir, step)
    const before = entriesOf(dir)
    expect(before.at(-1)).toMatchObject({ kind: 'step.performed', stepId: step })

    expect((await custody(['ceremony', 'status', dir])).json).toMatchObject({
      state: 'Exception',
      current: step,
    })
    for (const _time of [1, 2]) {
      const ended = await custody(['ceremony', 'resume', dir])
      expect(ended.code).toBe(3)
      expect(ended.json).toMatchObject({
        ok: false,
        code: 'EXCEPTION-OPEN',
        detail: expect.stringMatching(/HISTORY-03: .*UNWRAP_TEMPLATE/),
        choices: ['abort'],
        remedy: expect.stringMatching(/^Abort the run, .* Then: custody ceremony resume .* --decide abort$/),
      })
    }
    expect(
      entriesOf(dir)
        .slice(before.length)
        .filter(({ kind }) => kind.startsWith('step.')),
    ).toEqual([])

    const aborted = await custody(['ceremony', 'resume', dir, '--decide', 'abort', '--reason', 'a weak root'])
    expect(aborted.json).toMatchObject({ state: 'Aborted' })
    expect((await custody(['ceremony', 'status', dir])).json).toMatchObject({ state: 'Aborted' })
  },
)
