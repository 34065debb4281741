import { cardCodec } from '@lux/ceremony/wire'
import { identityId, wipe } from '@lux/crypto'
import { packFiles, unpackFiles } from '@lux/crypto/transport'
import { encodePersonKey, type PersonKey, parsePersonKey } from '@lux/people'
import type { Kept } from './kept.ts'
import { encodeText, parseText, RecordChanged, type Records, type Written } from './records.ts'

/** Digests of the cards whose envelope keys this phone has, its own first. */
export function cardsOf({ records, person }: Kept): string[] {
  const own = cardCodec.digest(person.card)
  return [own, ...records.ids('person').filter((id) => id !== 'me' && id !== own)]
}

/** What a backup sheet seals: the phone's key, and the key of each renewed card. The caller wipes it. */
export function sheetSecret(kept: Kept): Uint8Array {
  const [, ...renewed] = cardsOf(kept)
  const keys = [encodePersonKey(kept.person), ...renewed.map((card) => keptKey(kept.records, card))]
  const [own] = keys
  if (keys.length === 1 && own !== undefined) return own
  const packed = packFiles(keys)
  keys.forEach(wipe)
  return packed
}

function keptKey(records: Records, card: string): Uint8Array {
  const plain = records.read('person', card)
  if (plain === null) throw new RecordChanged(card)
  return plain
}

/** The keys of a sheet, the phone's own first. Null where they are not all of one person. */
export function keysOfSheet(secret: Uint8Array): [PersonKey, ...PersonKey[]] | null {
  const single = parsePersonKey(secret)
  if (single.ok) return [single.value]
  const packed = unpackFiles(secret)
  if (!packed.ok) return null
  const keys = packed.value.flatMap((plain) => {
    const parsed = parsePersonKey(plain)
    return parsed.ok ? [parsed.value] : []
  })
  const [own, ...renewed] = keys
  if (own === undefined || keys.length < packed.value.length) return null
  return renewed.every(({ identity }) => identityId(identity.keys) === own.identity.id)
    ? [own, ...renewed]
    : null
}

/** The record that a sheet with these cards' keys was scanned back (`sheet`), or that the keys came from one (`restored`). */
export const sheetRecord = (store: 'sheet' | 'restored', at: string, cards: readonly string[]): Written => ({
  store,
  id: 'me',
  plain: encodeText({ at, cards }),
})

function recordOf({ records, person }: Kept, store: 'sheet' | 'restored') {
  const bytes = records.read(store, 'me')
  if (bytes === null) return null
  // `sheetRecord` made it, and it was written under the vault's key.
  const { at, cards } = parseText(bytes) as { at: string; cards?: readonly string[] }
  return { at, cards: cards ?? [cardCodec.digest(person.card)] }
}

/** When a sheet with all these cards' keys was scanned back last. Null where none was. */
export function sheetAt(kept: Kept, cards: readonly string[] = cardsOf(kept)): string | null {
  const sheet = recordOf(kept, 'sheet')
  return sheet !== null && cards.every((card) => sheet.cards.includes(card)) ? sheet.at : null
}

/** Whether a card's key came from a sheet. Nobody knows what such a key received before. */
export function cameFromSheet(kept: Kept, card: string): boolean {
  return recordOf(kept, 'restored')?.cards.includes(card) ?? false
}
