import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { openServer } from '../../src/server.ts'
import { openKms } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/** As docs/guide/restore.md says: with owners, and while the server is stopped. */
const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to])

test('BACKUP-01 a state folder that was copied while the server was stopped serves again, with its keys and a log that verifies', async () => {
  const folder = await makeFolder()
  const kms = await openKms()
  const { state } = kms
  try {
    const id = await kms.make('kept')
    const { ciphertext } = (await kms.post(`${id}/encrypt`, { plaintext: 'c2VjcmV0' })).body
    await kms.server.app.close()
    copy(state.root, join(folder, 'backup'))

    // What comes after the backup is lost with it, and nothing else is.
    const later = await openServer(state, false)
    const asked = (server: typeof later, method: 'GET' | 'POST', path: string, payload?: object) =>
      server.app.inject({
        method,
        url: `/api/v1/kms/keys${path}`,
        headers: kms.headers,
        ...(payload === undefined ? {} : { payload }),
      })
    const made = await asked(later, 'POST', '', { projectId: kms.project.id, name: 'later' })
    expect(made.statusCode).toBe(200)
    await later.app.close()

    await rm(state.root, { recursive: true })
    copy(join(folder, 'backup'), state.root)
    const again = await openServer(state, false)
    const opened = await asked(again, 'POST', `/${id}/decrypt`, { ciphertext })
    expect(opened.json()).toEqual({ plaintext: 'c2VjcmV0' })
    const lost = await asked(again, 'GET', `/key-name/later?projectId=${kms.project.id}`)
    expect(lost.statusCode).toBe(404)
    await again.app.close()
    expect(await verifyAuditLog(state, null)).toMatchObject({ ok: true })

    // The database alone belongs to the token and the card that it was made with.
    const other = stateFolder(join(folder, 'other'))
    await initServer({ state: other, domain: 'rehearsal', token: 'soft-token', pinFile: null })
    await rm(other.database, { recursive: true, force: true })
    copy(state.database, other.database)
    await expect(openServer(other, false)).rejects.toMatchObject({ code: 'DATABASE-OTHER-SERVER' })
  } finally {
    await kms.close()
    await rm(folder, { recursive: true, force: true })
  }
})
