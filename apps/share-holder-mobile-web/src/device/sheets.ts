import { cardCodec } from '@lux/ceremony/wire'
import { equalBytes, wipe } from '@lux/crypto'
import { openSheet, sealSheet, sheetWords } from '../storage/backup-sheet.ts'
import type { Device, LogEntry } from './api.ts'
import { no, yes } from './kept.ts'
import { overview } from './overview.ts'
import { locked, logged, type Phone } from './phone.ts'
import { cardsOf, sheetRecord, sheetSecret } from './sheet-keys.ts'

/** The backup sheet of the phone's keys. */
export function sheets(phone: Phone) {
  const { derive, random, now } = phone
  return {
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
