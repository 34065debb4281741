import { cardCodec } from '@lux/ceremony/wire'
import { equalBytes, wipe } from '@lux/crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import { encodePersonKey, enrol, type PersonKey, parsePersonKey } from '@lux/people'
import { openSheet } from '../storage/backup-sheet.ts'
import { changeHeader, wipeDatabase } from '../storage/database.ts'
import { readHeader } from '../storage/open-database.ts'
import {
  createVault,
  leastCost,
  openWithPasskey,
  type Vault,
  type VaultHeader,
  withoutPasskey,
  withPasskey,
} from '../storage/vault.ts'
import type { Answer, Device, LogEntry, No, Overview } from './api.ts'
import { closedState } from './closed-state.ts'
import { type Kept, no, yes } from './kept.ts'
import { overview } from './overview.ts'
import { locked, logId, type Phone } from './phone.ts'
import { beginRecords, encodeText, openRecords, type Written } from './records.ts'
import { keysOfSheet, sheetRecord } from './sheet-keys.ts'

/** Enrolling, restoring, unlocking and wiping. */
export function unlocking(phone: Phone) {
  const { database, derive, random, now } = phone

  /** A new vault with these first records, and its person. Another tab may have been first: its key stays. */
  async function begin(
    person: PersonKey,
    passphrase: string,
    written: readonly Written[],
  ): Promise<Answer<Overview>> {
    const vault = await createVault(passphrase, leastCost, derive, random)
    const records = await beginRecords(database, vault, written, random)
    if (records === null) return no('PHONE-ENROLLED')
    phone.on({ on: 'opened', open: { vault, records, person }, by: 'passphrase' })
    return yes(await overview(phone, { records, person }))
  }

  /** Refuses what no new phone can begin with: PHONE-ENROLLED, PASSWORD-WEAK. */
  async function unfit(passphrase: string, names: readonly string[]): Promise<No | null> {
    if ((await readHeader(database)) !== null) return no('PHONE-ENROLLED')
    const strong = await checkPassphrase(passphrase, names)
    return strong.ok ? null : strong
  }

  async function unlockWith(vault: Vault, by: 'passphrase' | 'passkey'): Promise<Answer<Overview>> {
    const records = await openRecords(database, vault, random)
    const kept = records.read('person', 'me')
    if (kept === null) return no('PHONE-STORAGE-CHANGED')
    const person = parsePersonKey(kept)
    wipe(kept)
    if (!person.ok) return person
    phone.on({ on: 'opened', open: { vault, records, person: person.value }, by })
    return yes(await overview(phone, { records, person: person.value }))
  }

  return {
    async state() {
      const open = phone.session()
      if (open !== null) return { phase: 'open', overview: await overview(phone, open) }
      return closedState(database)
    },

    async enrol({ name, kind, domain, passphrase }) {
      const refused = await unfit(passphrase, [name])
      if (refused !== null) return refused
      const made = await enrol({ kind, domain, name }, { bytes: random })
      if (!made.ok) return made
      const { key, card, digest } = made.value
      return begin(key, passphrase, [
        { store: 'person', id: 'me', plain: encodePersonKey(key) },
        { store: 'card', id: 'me', plain: card.slice() },
        firstEntry({ at: now(), what: 'enrolled', about: name, digest }),
      ])
    },

    async restore({ sheet, words, passphrase }) {
      const refused = await unfit(passphrase, [])
      if (refused !== null) return refused
      const secret = await openSheet(sheet, words, derive)
      if (secret === null) return no('PHONE-SHEET-WRONG')
      const keys = keysOfSheet(secret)
      wipe(secret)
      if (keys === null) return no('PHONE-SHEET-WRONG')
      const [person, ...renewed] = keys
      const { card } = person
      const weak = await unfit(passphrase, [card.name])
      if (weak !== null) {
        for (const { identity } of keys) identity.secret.wipe()
        return weak
      }
      const cards = keys.map((key) => cardCodec.digest(key.card))
      const at = now()
      return begin(person, passphrase, [
        ...keyRecords('me', person),
        ...renewed.flatMap((key) => keyRecords(cardCodec.digest(key.card), key)),
        sheetRecord('restored', at, cards),
        sheetRecord('sheet', at, cards),
        firstEntry({ at, what: 'restored', about: card.name, digest: cardCodec.digest(card) }),
      ])
    },

    async unlock(passphrase) {
      const vault = await phone.vaultBy(passphrase, null)
      return vault.ok ? unlockWith(vault.value, 'passphrase') : vault
    },

    async unlockByPasskey(secret) {
      const header = await readHeader(database)
      if (header === null) return no('PHONE-NOT-ENROLLED')
      const vault = openWithPasskey(header, secret)
      wipe(secret)
      return vault === null ? no('PHONE-PASSKEY') : unlockWith(vault, 'passkey')
    },

    async confirm(passphrase) {
      const open = phone.session()
      if (open === null) return locked
      const vault = await phone.vaultBy(passphrase, open.vault)
      if (!vault.ok) return vault
      wipe(vault.value.key)
      phone.on({ on: 'passphrase-given' })
      return yes(null)
    },

    async wipe() {
      phone.on({ on: 'closed' })
      await wipeDatabase(database)
      return yes(null)
    },
  } satisfies Partial<Device>
}

const firstEntry = (entry: LogEntry): Written => ({ store: 'log', id: logId(0), plain: encodeText(entry) })

const keyRecords = (id: string, key: PersonKey): Written[] => [
  { store: 'person', id, plain: encodePersonKey(key) },
  { store: 'card', id, plain: cardCodec.encode(key.card) },
]

/** The passkey that opens the phone beside its passphrase. */
export function passkeys(phone: Phone) {
  const { database, random } = phone

  async function changeVault(
    id: Uint8Array,
    change: (header: VaultHeader) => VaultHeader,
    open: Kept,
  ): Promise<Answer<Overview>> {
    if (!(await changeHeader(database, id, change))) return no('PHONE-OTHER-TAB')
    return yes(await overview(phone, open))
  }

  return {
    async addPasskey({ credential, salt, secret, passphrase }) {
      const open = phone.session()
      if (open === null) return locked
      const found = await phone.vaultBy(passphrase, open.vault)
      if (!found.ok) {
        wipe(secret)
        return found
      }
      const vault = found.value
      try {
        const header = withPasskey(vault, { credential, salt, secret }, random)
        // The new passkey has to open the vault before it counts.
        const opened = header === null ? null : openWithPasskey(header, secret)
        if (header?.passkey === undefined || opened === null || !equalBytes(opened.key, vault.key))
          return no('PHONE-PASSKEY-NONE')
        wipe(opened.key)
        const { passkey } = header
        return await changeVault(header.id, (before) => ({ ...before, passkey }), open)
      } finally {
        wipe(vault.key)
        wipe(secret)
      }
    },

    async removePasskey(passphrase) {
      const open = phone.session()
      if (open === null) return locked
      const vault = await phone.vaultBy(passphrase, open.vault)
      if (!vault.ok) return vault
      wipe(vault.value.key)
      phone.on({ on: 'passkey-removed' })
      return changeVault(vault.value.header.id, withoutPasskey, open)
    },
  } satisfies Partial<Device>
}
