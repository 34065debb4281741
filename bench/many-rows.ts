import { randomBytes, randomUUID } from 'node:crypto'
import { insertPerson } from '../apps/companion-server/src/access/people.ts'
import type { SealedDatabase } from '../apps/companion-server/src/platform/database/authority/authority.ts'

/** So many more keys like the first one, and people of its project, each row sealed as the server seals it. */
export async function fill(
  database: SealedDatabase,
  { keys, people }: { readonly keys: number; readonly people: number },
): Promise<void> {
  await database.change(async (work) => {
    const {
      authority_mac: _,
      authority_tenant: _tenant,
      ...key
    } = await work.selectFrom('key').selectAll().executeTakeFirstOrThrow()
    const {
      authority_mac: _mac,
      authority_tenant: _of,
      ...version
    } = await work
      .selectFrom('key_version')
      .selectAll()
      .where('key_id', '=', key.id)
      .executeTakeFirstOrThrow()
    const json = {
      attributes: JSON.stringify(key.attributes),
      lifecycle: JSON.stringify(key.lifecycle),
      threshold: null,
    }
    for (let at = 0; at < keys; at++) {
      const id = randomUUID()
      const own = { id, envelope_id: randomBytes(16), name: `many-${at}` }
      await work.authority.insert('key', { ...key, ...json, ...own })
      await work.authority.insert('key_version', { ...version, key_id: id })
    }
    const place = { organisation: key.organisation_id, project: key.project_id }
    for (let at = 0; at < people; at++) {
      const grants = [{ role: 'user', ...place }] as const
      await insertPerson(work, { username: `person-${at}`, name: `Person ${at}`, grants }, new Date(), null)
    }
  })
}
