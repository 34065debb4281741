import type { Policy } from '@lux/ceremony/policy'
import { type CustodianStatement, custodianStatementCodec } from '@lux/ceremony/wire'
import { parseCanonical, type SigningIdentity } from '@lux/crypto'
import { members } from '../json-members.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { trustedOpening } from '../trusted.ts'
import { checkWords } from './share.ts'

export const maxStatementRequest = 32_768

/** What a run asks a custodian: about which share of which backup. It is unsigned; the opening beside it says whose run it is. */
export type StatementRequest = Pick<
  CustodianStatement,
  'domain' | 'ceremonyId' | 'use' | 'key' | 'set' | 'index' | 'name' | 'share'
> & { readonly identifier: number; readonly t: number }

/** Refuses CUSTODIAN-REQUEST for anything but such a file of out/. */
export function readStatementRequest(bytes: Uint8Array): Outcome<StatementRequest> {
  return checked(() => {
    const asked = members(parseCanonical(bytes, { maxBytes: maxStatementRequest }))
    const other = (): never => no('CUSTODIAN-REQUEST', 'it asks for no share of a backup', 'request')
    const { kind, domain, use } = asked
    if (kind !== 'custodian-statement-request' || (domain !== 'production' && domain !== 'rehearsal'))
      return other()
    if (use !== 'check') return other()
    const hex = (name: string, length: number): string => {
      const value = asked[name]
      return typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]+$/.test(value)
        ? value
        : other()
    }
    const whole = (name: string, least: number, most: number): number => {
      const value = asked[name]
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
        ? value
        : other()
    }
    const text = (name: string): string => {
      const value = asked[name]
      return typeof value === 'string' && value.length > 0 && value.length <= 200 ? value : other()
    }
    return {
      domain,
      use,
      ceremonyId: hex('ceremonyId', 16),
      key: text('key'),
      set: hex('set', 16),
      identifier: whole('identifier', 0, 0x7fff),
      t: whole('t', 2, 16),
      index: whole('index', 1, 16),
      name: text('custodian'),
      share: hex('share', 32),
    }
  }, 'request')
}

export type CustodianStated = { readonly said: CustodianStatement; readonly statement: Uint8Array }

/** What a custodian says of a share, signed. */
export function signStatement(
  identity: SigningIdentity,
  of: Omit<CustodianStatement, 'v' | 'kind'>,
): CustodianStated {
  const said: CustodianStatement = { v: 1, kind: 'custodian-statement', ...of }
  const signature = custodianStatementCodec.sign(identity, said, said.domain)
  return { said, statement: custodianStatementCodec.file.encode({ payload: said, signatures: [signature] }) }
}

/**
 * States to a run that the words, typed from the sheet, are the share that it asks about. `opening`: of that run. Refuses CUSTODIAN-KEY,
 * REQUEST-DOMAIN, CUSTODIAN-OTHER where another custodian or ceremony is asked; POLICY-…, OPENING-…, SIGNATURE-…, QUORUM-SHORT, BACKUP-… as
 * `checkWords`.
 */
export function stateShare(
  request: StatementRequest,
  of: { readonly policy: Policy; readonly opening: Uint8Array; readonly words: string; readonly now: string },
  { card, identity }: Pick<PersonKey, 'card' | 'identity'>,
): Outcome<CustodianStated> {
  return checked(() => {
    const { domain, ceremonyId, use, key, set, index, name, share } = request
    if (card.kind !== 'custodian')
      return no('CUSTODIAN-KEY', `the key is of ${card.name}, ${card.kind}`, 'key')
    if (card.domain !== domain)
      return no('REQUEST-DOMAIN', `the key is of ${card.domain}, the run of ${domain}`, 'key')
    if (card.name !== name)
      return no('CUSTODIAN-OTHER', `it asks ${name}, the key is of ${card.name}`, 'request')
    const opening = need(trustedOpening(of.opening, of.policy), 'opening')
    if (opening.ceremonyId !== ceremonyId || opening.domain !== domain)
      return no('CUSTODIAN-OTHER', `the opening is of the ceremony ${opening.ceremonyId}`, 'opening')
    need(checkWords(request, of.words))
    const about = { domain, ceremonyId, use, key, set, index, name, share }
    return signStatement(identity, { ...about, envelope: null, time: of.now })
  })
}
