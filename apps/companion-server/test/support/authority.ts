import type { Kysely } from 'kysely'
import { type SealedDatabase, sealedDatabase } from '../../src/platform/database/authority/authority.ts'
import { noPins } from '../../src/platform/database/authority/pins.ts'
import type { Writing } from '../../src/platform/database/authority/writer.ts'
import type { Tables } from '../../src/platform/database/tables.ts'

/** Changes rows of authority as the server would: what is changed beside it grants nothing. */
export const lawfully = (database: SealedDatabase): Writing => ({
  insert: (...args) => database.change((work) => work.authority.insert(...args)),
  insertUnlessTaken: (...args) => database.change((work) => work.authority.insertUnlessTaken(...args)),
  update: (...args) => database.change((work) => work.authority.update(...args)),
  remove: (...args) => database.change((work) => work.authority.remove(...args)),
})

/** A database without a server: its root is thirty-two bytes. */
export const withRoot = (pool: Kysely<Tables>, root = new Uint8Array(32).fill(7)): SealedDatabase =>
  sealedDatabase(pool, { key: async () => root, sealed: () => null, pins: noPins }).database
