import type { Policy } from '@lux/ceremony/policy'
import {
  type CustodianAcknowledgement,
  type CustodianShareContent,
  custodianAcknowledgementCodec,
  custodianShareCodec,
} from '@lux/ceremony/wire'
import { fromHex, openWith, sha256Hex, wipe } from '@lux/crypto'
import { checkShare, readCustodianShare } from '@lux/crypto/backup'
import { checkEnvelope } from '../holder/receive.ts'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'

/** A custodian's envelope, with what vouches for it. */
export type CustodianFiles = {
  readonly policy: Policy
  readonly opening: Uint8Array
  /** custodian-<i>.age, and the ceremony key's signature on it. */
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
}

/** A backup share out of its custodian's envelope. Secret: its words are a string, which nothing can overwrite. */
export type CustodianShareOpened = CustodianShareContent & { readonly envelope: string }

/**
 * Opens a custodian's envelope, trusted only through policy, opening certificate and ceremony key, and checks the share by itself. Refuses
 * what `checkEnvelope` refuses, CUSTODIAN-KEY, REQUEST-DOMAIN, CUSTODIAN-OTHER, CUSTODIAN-SHARE-MALFORMED, SEAL-…, BACKUP-….
 */
export function openCustodianShare(
  files: CustodianFiles,
  { card, seal }: Pick<PersonKey, 'card' | 'seal'>,
): Promise<Outcome<CustodianShareOpened>> {
  return checkedLater(async () => {
    const { ceremonyId, domain } = need(checkEnvelope(files))
    if (seal === null || card.kind !== 'custodian')
      return no('CUSTODIAN-KEY', `the key is of ${card.name}, ${card.kind}`, 'key')
    if (card.domain !== domain)
      return no('REQUEST-DOMAIN', `the key is of ${card.domain}, the share of ${domain}`, 'key')
    const plain = await openWith(seal, files.envelope)
    const content = need(custodianShareCodec.parse(plain), 'envelope')
    wipe(plain)
    if (content.ceremonyId !== ceremonyId || content.domain !== domain || content.name !== card.name)
      return no(
        'CUSTODIAN-OTHER',
        `the share is of ${content.name}, ceremony ${content.ceremonyId}`,
        'envelope',
      )
    need(checkWords(content, content.words), 'envelope')
    return { ...content, envelope: sha256Hex(files.envelope) }
  }, 'envelope')
}

/**
 * Checks that words, typed or scanned from a sheet, are this very share. Refuses BACKUP-WORD and BACKUP-CHECKSUM, which name a wrong word
 * where they can, BACKUP-WORDS-COUNT, BACKUP-SET-OTHER, BACKUP-SHARE-OTHER, BACKUP-COMMITMENT.
 */
export function checkWords(
  {
    set,
    identifier,
    index,
    t,
    share,
  }: Pick<CustodianShareContent, 'set' | 'identifier' | 'index' | 't' | 'share'>,
  words: string,
): Outcome<null> {
  const read = readCustodianShare(words)
  if (!read.ok) return read
  const expected = { set: fromHex(set), identifier, index, t, commitment: fromHex(share) }
  const verdict = checkShare(read.value, expected)
  read.value.value.wipe()
  return verdict.ok ? { ok: true, value: null } : verdict
}

/** A custodian's signed statement, made only after the words were read back. */
type CustodianProved = {
  readonly acknowledgement: Uint8Array
  readonly said: CustodianAcknowledgement
}

/** Proves the share to the run, with the words as they were read back from the sheet. Refuses as `checkWords`. */
export function proveCustodianShare(
  opened: CustodianShareOpened,
  words: string,
  { identity }: Pick<PersonKey, 'identity'>,
): Outcome<CustodianProved> {
  return checked(() => {
    need(checkWords(opened, words))
    const { domain, ceremonyId, key, set, index, name, share, envelope } = opened
    const said: CustodianAcknowledgement = {
      v: 1,
      kind: 'custodian-acknowledgement',
      domain,
      ceremonyId,
      key,
      set,
      index,
      name,
      share,
      envelope,
    }
    const signature = custodianAcknowledgementCodec.sign(identity, said, domain)
    const acknowledgement = custodianAcknowledgementCodec.file.encode({
      payload: said,
      signatures: [signature],
    })
    return { acknowledgement, said }
  })
}
