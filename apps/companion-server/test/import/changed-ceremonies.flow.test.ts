import { copyFileSync, createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { peekBundle } from '@lux/ceremony/bundle'
import { receiptCodec, transportCodec } from '@lux/ceremony/wire'
import { fileReader } from '@lux/node-files'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { openServer } from '../../src/server.ts'
import { custody } from '../support/commands.ts'
import { makeServerState, offerTransport } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

let folder = ''
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/**
 * A rehearsal has a policy of its own, and so a server of its own (REHEARSAL-POLICY): what a second bundle does to the keys of a first is in
 * change.flow.test.ts. Here the bundle is the tool's, the receipt the server's, and the run closes with it.
 */
test.each([
  { script: 'kek-rotation-backup', window: true, roots: 1 },
  { script: 'revocation', window: false, roots: 0 },
  { script: 'root-restore', window: false, roots: 0 },
  { script: 'decommission', window: false, roots: 0 },
])(
  'CHANGE-LOOP a whole $script for a server is imported there, and its receipt closes the run',
  async ({ script, window, roots }) => {
    const place = join(folder, script)
    mkdirSync(place)
    const run = join(place, 'run')
    const state = await makeServerState(place, 'rehearsal')
    const card = join(place, 'card.json')
    copyFileSync(state.card, card)
    const transport = join(place, 'transport.json')
    if (window) writeFileSync(transport, transportCodec.file.encode(await offerTransport(state)))
    const destination = window ? transport : card
    expect(await custody('--json', 'rehearse', script, '--destination', destination, '--out', run)).toBe(4)
    const policy = new Uint8Array(readFileSync(join(run, 'policy.json')))
    expect(await pinPolicy(state, 'rehearsal', policy)).toMatchObject({ ok: true })
    const bundle = join(run, 'bundle.zip')
    const peeked = await peekBundle(fileReader(bundle))
    if (!peeked.ok) throw new Error(peeked.detail)
    const { revokes } = peeked.value.predicate
    const server = await openServer(state, false)
    try {
      const imported = await server.services.importer.importStream(createReadStream(bundle))
      if (imported.state !== 'imported') throw new Error(`${imported.rule}: ${imported.detail}`)
      const { payload } = imported.receipt
      expect(payload.roots).toHaveLength(roots)
      expect(payload.revoked).toEqual(revokes)
      const receipt = join(place, 'receipt.json')
      writeFileSync(receipt, receiptCodec.file.encode(imported.receipt))
      expect(await custody('--json', 'ceremony', 'receipt', run, receipt)).toBe(0)
    } finally {
      await server.app.close()
    }
  },
)
