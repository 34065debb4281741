import { policyDigest } from '@lux/ceremony/policy'
import { cardCodec } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import {
  blocksLeft,
  forgetShareOf,
  type HolderState,
  type OpenedShare,
  type PersonKey,
  policyLines,
  wordsOf,
} from '@lux/people'
import { readHeader } from '../storage/open-database.ts'
import type { LogEntry, Overview, Person, PolicySummary, ShareSummary } from './api.ts'
import { hintOf } from './closed-state.ts'
import { cardOfShare, type Kept, policyAt, shareAt, shareId } from './kept.ts'
import { openRequests } from './open-requests.ts'
import type { Phone } from './phone.ts'
import { parseText, type Records, tolerant } from './records.ts'
import { sheetAt } from './sheet-keys.ts'

/** All that the screens show of an opened phone. A record that does not open is left out, and `damaged` says so. */
export async function overview(
  { database, now, persisted }: Phone,
  { records: all, person }: Kept,
): Promise<Overview> {
  const records = tolerant(all)
  const opened = records.ids('share').map((id) => shareAt({ records, person }, id))
  const shown = {
    person: personOf(person),
    policies: records.ids('policy').flatMap((id) => {
      const policy = policyAt(records, id)
      return policy === null ? [] : [policySummary(policy)]
    }),
    shares: opened.flatMap((share) => {
      if (!share.ok) return []
      const summary = shareSummary(share.value, records)
      forgetShareOf(share.value)
      return [summary]
    }),
    open: openRequests(records, now()),
    log: logOf(records),
    kept: await persisted(),
    sheet: sheetAt({ records, person }),
    restored: records.ids('restored').length > 0,
    passkey: hintOf(await readHeader(database)),
  }
  return { ...shown, damaged: records.damaged() || opened.some((share) => !share.ok) }
}

function personOf({ card }: PersonKey): Person {
  const digest = cardCodec.digest(card)
  return { name: card.name, kind: card.kind, domain: card.domain, digest, words: wordsOf(digest) }
}

export function policySummary(policy: Parameters<typeof policyLines>[0]): PolicySummary {
  const digest = policyDigest(policy)
  return {
    digest,
    words: wordsOf(digest),
    organisation: policy.organisation.name,
    domain: policy.domain,
    version: policy.version,
    expiry: policy.expiry,
    lines: policyLines(policy),
  }
}

export function shareSummary(
  { envelope, held, before }: Pick<OpenedShare, 'envelope' | 'held'> & { before: HolderState },
  records: Records,
): ShareSummary {
  const { header } = envelope.share
  return {
    id: shareId(envelope),
    keyId: toHex(header.keyId),
    epoch: header.epoch,
    holder: header.holder,
    t: header.t,
    n: header.n,
    organisation: policyAt(records, held.policyDigest)?.organisation.name ?? '',
    domain: header.domain,
    live: before.live,
    leaving: before.leaving !== null,
    renewed: cardOfShare(records, 'renewal', shareId(envelope)),
    left: blocksLeft(envelope, before.spent),
  }
}

/** Newest first. */
export function logOf(records: Records): LogEntry[] {
  return records
    .ids('log')
    .toSorted()
    .toReversed()
    .flatMap((id) => {
      const bytes = records.read('log', id)
      // `logged` wrote it, under the vault's key: nobody else can have put anything else there.
      return bytes === null ? [] : [parseText(bytes) as LogEntry]
    })
}
