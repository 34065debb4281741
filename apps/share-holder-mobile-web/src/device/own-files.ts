import { cardCodec } from '@lux/ceremony/wire'
import { equalBytes, wipe } from '@lux/crypto'
import { signLog } from '@lux/people'
import { openSheet, sealSheet, sheetWords } from '../storage/backup-sheet.ts'
import type { Device, LogEntry } from './api.ts'
import { no, yes } from './kept.ts'
import { logOf, overview } from './overview.ts'
import { locked, logged, type Phone, unconfirmed } from './phone.ts'
import { cardsOf, sheetRecord, sheetSecret } from './sheet-keys.ts'

/** What a phone gives out of its own: its card, its log and the backup sheet of its keys. */
export function ownFiles(phone: Phone) {
  const { derive, random, now } = phone
  return {
    async card() {
      const bytes = phone.session()?.records.read('card', 'me')
      if (bytes === undefined) return locked
      return bytes === null ? no('PHONE-STORAGE-CHANGED') : yes({ name: 'card.json', bytes })
    },

    async saveLog() {
      const open = phone.session()
      if (open === null) return locked
      const first = unconfirmed(phone, 'log')
      if (first !== null) return first
      const made = now()
      const bytes = signLog(open.person, { made, entries: logOf(open.records).toReversed() })
      return bytes.ok ? yes({ name: `log-${made.slice(0, 10)}.json`, bytes: bytes.value }) : bytes
    },

    async makeSheet(passphrase) {
      const open = phone.session()
      if (open === null) return locked
      const vault = await phone.vaultBy(passphrase, open.vault)
      if (!vault.ok) return vault
      wipe(vault.value.key)
      const secret = sheetSecret(open)
      try {
        const words = sheetWords(random)
        return yes({ sheet: await sealSheet(secret, words.join(' '), derive, random), words })
      } finally {
        wipe(secret)
      }
    },

    async checkSheet({ sheet, words }) {
      const open = phone.session()
      if (open === null) return locked
      const secret = await openSheet(sheet, words, derive)
      if (secret === null) return no('PHONE-SHEET-WRONG')
      const own = sheetSecret(open)
      const same = equalBytes(secret, own)
      wipe(secret)
      wipe(own)
      if (!same) return no('PHONE-SHEET-OTHER')
      const { card } = open.person
      const entry: LogEntry = { at: now(), what: 'sheet', about: card.name, digest: cardCodec.digest(card) }
      const record = sheetRecord('sheet', now(), cardsOf(open))
      await open.records.write([record, logged(open.records, entry)])
      return yes(await overview(phone, open))
    },
  } satisfies Partial<Device>
}
