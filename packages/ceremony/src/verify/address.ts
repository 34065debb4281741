import { type Address, addressesOf } from '../bundle/predicate.ts'
import type { Verification, VerifyOptions } from '../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'

const forNobody =
  'the bundle is for no server: for one, rehearse with --destination transport.json, or name it in the plan'
const noReceipt = 'no last receipt was given to compare it with'

/** Domain, audience, sequence and predecessor: whether this bundle is for here and for now. */
export async function checkAddress(v: Verification): Promise<void> {
  await v.ledger.run('DOMAIN', () => checkDomain(v))
  await v.ledger.run('AUDIENCE', () => checkAudience(v))
  await v.ledger.run('SEQUENCE', () => checkSequence(v))
  await v.ledger.run('PREVIOUS', () => checkPrevious(v))
}

function checkDomain(v: Verification): Outcome<string> {
  const { domain } = v.predicate
  if (v.run.header.domain !== domain)
    return refuse('DOMAIN', 'transcript and manifest are of different domains')
  for (const expected of [v.options.policy?.policy.domain, v.options.domain]) {
    if (expected !== undefined && expected !== domain) {
      return refuse('DOMAIN', `a ${domain} bundle, this verifier takes ${expected}`)
    }
  }
  return accept(domain)
}

function checkAudience(v: Verification): Outcome<string> {
  const addresses = addressesOf(v.predicate)
  const { policy, audience: here } = v.options
  const audiences = addresses.map(({ audience }) => audience)
  if (new Set(audiences).size < audiences.length || (v.predicate.audience === null && audiences.length > 0))
    return refuse('AUDIENCE', 'a server is named twice, or none before the others')
  if (here !== undefined && !audiences.includes(here))
    return refuse('AUDIENCE', audiences.length === 0 ? forNobody : 'the bundle is for another server')
  if (audiences.length === 0) return accept('for no server')
  if (!policy) return accept(`${audiences.join(', ')}; no policy was given to compare it with`)
  const names: string[] = []
  for (const audience of audiences) {
    const listed = policy.policy.audiences.find((one) => one.audience === audience)
    if (listed === undefined) return refuse('AUDIENCE', 'the server is not in the policy')
    const card = v.servers.get(audience)
    if (card && card.receiptKey.p256 !== listed.receiptKey.p256) {
      return refuse('AUDIENCE', 'the policy lists another receipt key for this server')
    }
    names.push(listed.name)
  }
  return accept(names.join(', '))
}

/** The line that the last receipt is of: that of the server which verifies, else the first. */
function isOwn(v: Verification, { audience }: Address): boolean {
  return audience === (v.options.audience ?? v.predicate.audience)
}

function checkSequence(v: Verification): Outcome<string> {
  const { audience, sequence } = v.predicate
  if (audience === null) {
    return sequence === '0' ? accept(sequence) : refuse('SEQUENCE', 'a bundle for no server has sequence 0')
  }
  const said: string[] = []
  for (const address of addressesOf(v.predicate)) {
    const one = checkNumber(address, isOwn(v, address) ? v.options.lastReceipt : undefined)
    if (!one.ok) return one
    said.push(one.value)
  }
  return accept(said.join(', '))
}

function checkNumber(
  { sequence, previous, supersedes }: Address,
  lastReceipt: VerifyOptions['lastReceipt'],
): Outcome<string> {
  const number = Number(sequence)
  if (previous === null && number !== 1 + supersedes.length) {
    return refuse('SEQUENCE', `${sequence} without a previous bundle`)
  }
  if (lastReceipt === undefined)
    return number > 0 ? accept(`${sequence}; ${noReceipt}`) : refuse('SEQUENCE', 'sequence is 0')
  const last = lastReceipt === null ? 0 : Number(lastReceipt.sequence)
  if (number <= last) return refuse('SEQUENCE', `${sequence}, but ${last} was receipted: a rollback`)
  // Each number between was sent and never receipted, and must be named.
  return number === last + 1 + supersedes.length
    ? accept(sequence)
    : refuse('SEQUENCE', `${sequence} after ${last}, ${supersedes.length} superseded by name`)
}

function checkPrevious(v: Verification): Outcome<string> {
  const { audience, previous, supersedes } = v.predicate
  if (audience === null) {
    return previous === null && supersedes.length === 0
      ? accept('none')
      : refuse('PREVIOUS', 'a bundle for no server follows none')
  }
  const said: string[] = []
  for (const address of addressesOf(v.predicate)) {
    const one = checkLine(address, isOwn(v, address) ? v.options.lastReceipt : undefined)
    if (!one.ok) return one
    said.push(one.value)
  }
  return accept(said.join(', '))
}

function checkLine(
  { previous, supersedes }: Address,
  lastReceipt: VerifyOptions['lastReceipt'],
): Outcome<string> {
  if (new Set([previous, ...supersedes]).size !== supersedes.length + 1) {
    return refuse('PREVIOUS', 'a superseded bundle is named twice, or is the previous one')
  }
  if (lastReceipt === undefined) return accept(`${previous ?? 'none'}; ${noReceipt}`)
  return previous === (lastReceipt?.bundleDigest ?? null)
    ? accept(previous ?? 'none')
    : refuse('PREVIOUS', 'follows another bundle than the last one receipted: a fork')
}
