import type { Policy } from '@lux/ceremony/policy'
import { custodianShareCodec, type ShareRequest, shareRequestCodec } from '@lux/ceremony/wire'
import { sealTo, sha256Hex, wipe } from '@lux/crypto'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { trustedOpening } from '../trusted.ts'
import { checkWords } from './share.ts'
import { type CustodianStated, signStatement } from './statement.ts'

export const maxShareRequest = 32_768

/** The file of a share that is given, and the statement that names it. */
export const releaseName = (index: number): string => `release-${index}.age`

/**
 * What a run asks of custodians, trusted only through policy, opening certificate and ceremony key. Refuses SHARE-REQUEST-MALFORMED,
 * POLICY-…, OPENING-…, SIGNATURE-…, QUORUM-SHORT, CUSTODIAN-OTHER where the opening is of another ceremony.
 */
export function checkShareRequest(
  bytes: Uint8Array,
  { policy, opening: certificate }: { readonly policy: Policy; readonly opening: Uint8Array },
): Outcome<ShareRequest> {
  return checked(() => {
    const document = need(shareRequestCodec.file.parse(bytes), 'request')
    const { ceremonyId, domain, ceremonyKeys } = need(trustedOpening(certificate, policy), 'opening')
    const { payload } = document
    if (payload.ceremonyId !== ceremonyId || payload.domain !== domain)
      return no('CUSTODIAN-OTHER', `the opening is of the ceremony ${ceremonyId}`, 'opening')
    const members = [{ name: 'ceremony key', keys: ceremonyKeys }]
    need(shareRequestCodec.verify(document, domain, [{ role: 'ceremony', members, quorum: 1 }]), 'request')
    return payload
  }, 'request')
}

/** What a custodian reads before giving a share. Raw text: whoever shows it makes it safe. */
export function releaseLines({ use, key, set, ceremonyId }: ShareRequest): readonly string[] {
  return [
    `give your share of the backup of ${key}, set ${set}, to the ceremony ${ceremonyId}`,
    use === 'drill'
      ? 'for a drill: the root is brought into a spare token, proved, and destroyed there again'
      : 'for a restore: the root is brought into a token and stays there',
    'it burns the set: your sheet is of no more use afterwards, and the medium must be destroyed',
  ]
}

type CustodianGiven = CustodianStated & {
  /** The share, sealed to the run. */
  readonly release: Uint8Array
}

/**
 * Gives a share, typed from the sheet, to a run that opens the backup. Refuses CUSTODIAN-KEY, REQUEST-DOMAIN, CUSTODIAN-OTHER where the
 * custodian has no share of it, BACKUP-… as `checkWords`.
 */
export function giveShare(
  request: ShareRequest,
  { words, now }: { readonly words: string; readonly now: string },
  { card, identity }: Pick<PersonKey, 'card' | 'identity'>,
): Promise<Outcome<CustodianGiven>> {
  return checkedLater(async () => {
    const { domain, ceremonyId, use, key, set, identifier, t, custodians, shares, recipient } = request
    if (card.kind !== 'custodian')
      return no('CUSTODIAN-KEY', `the key is of ${card.name}, ${card.kind}`, 'key')
    if (card.domain !== domain)
      return no('REQUEST-DOMAIN', `the key is of ${card.domain}, the run of ${domain}`, 'key')
    const { name } = card
    const index = custodians.indexOf(name) + 1
    const share = shares[index - 1]
    if (share === undefined)
      return no('CUSTODIAN-OTHER', `${name} holds no share of the set ${set}`, 'request')
    need(checkWords({ set, identifier, index, t, share }, words))
    const content = custodianShareCodec.encode({
      v: 1,
      kind: 'custodian-share',
      domain,
      ceremonyId,
      key,
      set,
      identifier,
      t,
      n: shares.length,
      index,
      name,
      share,
      words: words.trim().toLowerCase().split(/\s+/).join(' '),
    })
    const release = await sealTo([recipient], content)
    wipe(content)
    const about = { domain, ceremonyId, use, key, set, index, name, share }
    const stated = signStatement(identity, { ...about, envelope: sha256Hex(release), time: now })
    return { ...stated, release }
  }, 'request')
}
