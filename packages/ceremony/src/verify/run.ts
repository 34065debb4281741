import { identityId, verifySignature } from '@lux/crypto'
import { preAuthentication } from '../bundle/dsse.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { type OpeningCertificate, openingCodec } from '../documents/ceremony/opening.ts'
import { signatureContext } from '../documents/format/context.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { checkpointCodec } from '../transcript/checkpoint.ts'
import { compareHeads } from '../transcript/verify.ts'
import { checkExceptions } from './exceptions.ts'
import { checkPlanContent } from './plan-content.ts'

/** Plan, opening certificate, checkpoints and the ceremony key's signature: one run, consistent with itself. */
export async function checkRun(v: Verification): Promise<void> {
  await v.ledger.run('PLAN-HASH', () => {
    const { header } = v.run
    return header.planHash === v.predicate.planHash
      ? accept(header.planHash)
      : refuse('PLAN-HASH', 'the transcript is of another plan')
  })
  await v.ledger.run('PLAN-CONTENT', () => checkPlanContent(v))
  const opening = v.statement ? await v.parsed(v.predicate.opening, openingCodec.file) : null
  if (opening?.ok) v.opening = opening.value
  await v.ledger.run('OPENING-CERTIFICATE', () => {
    const parsed = required(opening)
    return parsed.ok ? checkOpening(v, parsed.value.payload) : parsed
  })
  await v.ledger.run('CHECKPOINTS', () => checkCheckpoints(v))
  await v.ledger.run('EXCEPTIONS', () => checkExceptions(v))
  await v.ledger.run('CEREMONY-SIGNATURE', () => {
    const { payload, signatures } = required(v.manifest)
    if (v.opening === null) return refuse('CEREMONY-SIGNATURE', 'no certificate names the ceremony key')
    const keys = v.certificate.ceremonyKeys
    const own = signatures.find(({ signer }) => signer === identityId(keys))
    if (own === undefined) return refuse('CEREMONY-SIGNATURE', 'the ceremony key has not signed')
    const context = signatureContext('bundle', v.predicate.domain)
    const result = verifySignature(keys, context, preAuthentication(payload), own)
    return result.ok ? accept('') : refuse('CEREMONY-SIGNATURE', result.detail)
  })
}

function checkOpening(v: Verification, payload: OpeningCertificate): Outcome<string> {
  const { header, node0 } = v.run
  const pairs: [string, string, string][] = [
    ['ceremonyId', payload.ceremonyId, header.ceremonyId],
    ['domain', payload.domain, v.predicate.domain],
    ['planHash', payload.planHash, header.planHash],
    ['policyDigest', payload.policyDigest, v.predicate.policyDigest],
    ['node0', payload.node0, node0],
  ]
  for (const [field, certified, actual] of pairs) {
    if (certified !== actual) return refuse('OPENING-CERTIFICATE', `${field} is not that of the run`)
  }
  if (payload.tokenSerials.length !== header.tokens.length)
    return refuse(
      'OPENING-CERTIFICATE',
      `${payload.tokenSerials.length} serials for ${header.tokens.length} tokens`,
    )
  for (const [index, { role, serial }] of header.tokens.entries()) {
    // A token that the run initialised has its serial number only after the header.
    if (serial !== 'new' && serial !== payload.tokenSerials[index])
      return refuse('OPENING-CERTIFICATE', `another token was opened as ${role}`)
  }
  return accept(`ceremony key ${identityId(payload.ceremonyKeys)}`)
}

async function checkCheckpoints(v: Verification): Promise<Outcome<string>> {
  const { domain, checkpoints, transcript } = v.predicate
  const opening = openingCodec.payload.digest(v.certificate)
  const ceremony = identityId(v.certificate.ceremonyKeys)
  let previous: string | null = null
  let size = -1
  for (const listed of checkpoints) {
    const parsed = await v.parsed(listed.blob, checkpointCodec.file)
    if (!parsed.ok) return parsed
    const { payload, signatures } = parsed.value
    const wrong = (what: string) => refuse('CHECKPOINTS', `checkpoint at ${listed.size}: ${what}`)
    if (payload.size !== listed.size) return wrong('its size is another')
    if (Number(payload.size) <= size) return wrong('sizes do not grow')
    if (payload.ceremonyId !== v.predicate.ceremonyId) return wrong('of another ceremony')
    if (payload.planHash !== v.predicate.planHash) return wrong('of another plan')
    if (payload.opening !== opening) return wrong('names another opening certificate')
    if (payload.previous !== previous) return wrong('does not name the checkpoint before it')
    const head = v.run.heads.get(payload.size)
    if (head === undefined) return wrong('covers more than the transcript holds')
    const same = compareHeads(head, payload)
    if (!same.ok) return wrong(same.detail)
    const own = signatures.filter(({ signer }) => signer === ceremony)
    const [signature] = own
    if (signature === undefined || own.length > 1) return wrong('not signed once by the ceremony key')
    const bytes = checkpointCodec.signedBytes(payload)
    const result = verifySignature(
      v.certificate.ceremonyKeys,
      signatureContext('checkpoint', domain),
      bytes,
      signature,
    )
    if (!result.ok) return wrong(result.detail)
    size = Number(payload.size)
    previous = checkpointCodec.payload.digest(payload)
    v.checkpoints.push(parsed.value)
  }
  if (String(size) !== transcript.size)
    return refuse('CHECKPOINTS', 'the last one does not cover the transcript')
  return accept(`${checkpoints.length} checkpoints`)
}
