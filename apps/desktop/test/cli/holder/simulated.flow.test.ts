import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeCanonical, openWith } from '@lux/crypto'
import { parsePartial } from '@lux/crypto/fhe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadOutsiders } from '../../../src/core/rehearsal/outsiders.ts'
import { loadStandIns } from '../../../src/core/rehearsal/stand-ins.ts'
import { approvedPackage } from '../../../src/core/runs/folder/approved-package.ts'
import { RunFolder } from '../../../src/core/runs/folder/run-folder.ts'
import { sealKeyFile } from '../../../src/core/use-cases/key-file.ts'
import { custodyJson, temporaryFolder } from '../support/custody.ts'
import { passphrase, passphraseFile, workFactor } from '../support/people.ts'

let place: string
const at = (...names: string[]) => join(place, ...names)
beforeAll(() => {
  place = temporaryFolder()
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Payload of the part of the plaintext, which its holder signed. */
async function partOf(sealed: string): Promise<Uint8Array> {
  const { combiner } = loadOutsiders(at('run'))
  return parsePartial(await openWith(combiner.identity, new Uint8Array(readFileSync(sealed)))).payload
}

test('a simulated holder of a rehearsal answers a request as the command line does with the same share', async () => {
  const rehearsed = await custodyJson(['rehearse', 'fhe-life', '--out', at('run')])
  expect(rehearsed.json).toMatchObject({ state: 'Sealed' })
  const folder = RunFolder.open(at('run'))
  const first = folder.state.decryptions.find(({ id }) => id === 'first')!
  const epochId = first.epoch!.epochId
  const said = folder.state.budgets.filter((one) => one.epochId === epochId)
  writeFileSync(at('request.json'), encodeCanonical(approvedPackage(folder, first.package!, first.digest!)))
  folder.close()
  const pass = ['--passphrase-file', passphraseFile(place)]
  const own = ['--policy', at('run', 'policy.json'), ...pass]
  expect(first.answers.length).toBeGreaterThan(0)
  for (const { name, holder } of first.answers) {
    const standIn = loadStandIns(at('run')).find((one) => one.role === 'holder' && one.name === name)!
    const file = (ending: string) => at(`${holder}.${ending}`)
    writeFileSync(file('key'), await sealKeyFile(standIn, passphrase, { workFactor }))
    const envelope = at('run', 'envelopes', `holder-${holder}.age`)
    const received = await custodyJson([
      ...['holder', 'receive', envelope, '--key', file('key'), '--out', file('share'), ...own],
    ])
    expect(received.json).toMatchObject({ ok: true, holder })
    const answered = await custodyJson([
      ...['holder', 'approve', at('request.json'), '--share', file('share'), '--key', file('key'), ...own],
      ...['--ciphertext', at('run', 'decryptions', 'first', 'ciphertext-1.bin'), '--out', file('json')],
    ])
    const left = said.find((one) => one.name === name)?.left
    expect(answered.json).toMatchObject({ ok: true, decision: 'approved', name, holder, left })
    expect(await partOf(file('age'))).toEqual(
      await partOf(at('run', 'decryptions', 'first', `answer-${holder}.age`)),
    )
  }
}, 600_000)
