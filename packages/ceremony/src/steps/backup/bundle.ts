import { equalBytes, fromHex, type Json } from '@lux/crypto'
import type { Predicate } from '../../bundle/predicate.ts'
import { fits, member, type Recorded, same } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { custodianAcknowledgementCodec } from '../../documents/backup/custodian-acknowledgement.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { verifyEnvelope } from '../../documents/threshold/share-envelope.ts'

type Backup = NonNullable<Predicate['backups']>[number]

/** BACKUPS: one backup for each that the plan asks for, dealt by this run, and every custodian's word that the share was checked. */
export async function checkBackups(v: Verification): Promise<Outcome<string>> {
  const planned = required(v.plan).keys.filter(({ backup }) => backup !== undefined)
  const backups = v.predicate.backups ?? []
  if (planned.map(({ id }) => id).join() !== backups.map(({ id }) => id).join())
    return wrong(`${backups.length} backups, the plan has ${planned.length}`)
  for (const [at, one] of backups.entries()) {
    const { t, n, custodians } = required(planned[at]?.backup ?? null)
    const names = one.shares.map(({ name }) => name)
    if (one.t !== t || one.n !== n || names.join('\n') !== custodians.join('\n'))
      return wrong(`${one.id}: other custodians than the plan’s, or another quorum`)
    if (one.shares.some(({ index }, place) => index !== place + 1))
      return wrong(`${one.id}: shares are not 1 to n`)
    for (const field of ['card', 'share', 'envelope', 'acknowledgement'] as const)
      if (new Set(one.shares.map((share) => share[field])).size !== n)
        return wrong(`${one.id}: two custodians have the same ${field}`)
    const key = await v.blob(one.publicKey, 4096)
    if (!key.ok) return key
    if (!isBackupKey(key.value)) return wrong(`${one.id}: the key to which it is wrapped is not RSA-4096`)
    for (const share of one.shares) {
      const fault = await shareFault(v, one, share)
      if (fault !== null) return wrong(`${one.id}, ${share.name}: ${fault}`)
    }
  }
  return accept(backups.length === 0 ? 'no backup' : `${backups.length} backups`)
}

async function shareFault(
  v: Verification,
  backup: Backup,
  share: Backup['shares'][number],
): Promise<string | null> {
  const { domain, ceremonyId } = v.predicate
  const { name, card: digest, envelope, signature } = share
  const seat = v.run.header.roster.find((one) => one.role === 'custodian' && one.name === name)
  const card = v.people.get(digest)
  if (seat?.card !== digest || card?.recipient === undefined) return 'has no such card of a custodian'
  const sealed = verifyEnvelope(v.certificate.ceremonyKeys, domain, envelope, signature)
  if (!sealed.ok) return sealed.detail
  const parsed = await v.parsed(share.acknowledgement, custodianAcknowledgementCodec.file)
  if (!parsed.ok) return parsed.detail
  const { payload } = parsed.value
  const said = {
    domain,
    ceremonyId,
    key: backup.id,
    set: backup.set,
    index: share.index,
    name,
    share: share.share,
    envelope,
  }
  if (!fits(payload, said)) return 'proves something else'
  const group = { role: 'custodian', members: [{ name, keys: card.keys }], quorum: 1 }
  const signed = custodianAcknowledgementCodec.verify(parsed.value, domain, [group])
  return signed.ok ? null : signed.detail
}

/** DER of a SubjectPublicKeyInfo has one form for RSA with 4096 bits and the exponent 65537. */
const head = fromHex('30820222300d06092a864886f70d01010105000382020f003082020a0282020100')
const tail = fromHex('0203010001')

function isBackupKey(spki: Uint8Array): boolean {
  return (
    spki.length === head.length + 512 + tail.length &&
    equalBytes(spki.slice(0, head.length), head) &&
    (spki[head.length] ?? 0) >= 0x80 &&
    equalBytes(spki.slice(-tail.length), tail)
  )
}

/** What the window recorded is what the bundle says, and the medium gives back the very root that its token proves. */
export function backupsFault(v: Verification, recorded: readonly Recorded[]): string | null {
  for (const backup of v.predicate.backups ?? []) {
    const { id, set, identifier, publicKey, wrapped, medium, shares } = backup
    const made = recorded.find(({ step }) => step.do === 'generate-root' && step.key === id)
    if (made === undefined) return `${id}: no step of the plan makes it with a backup`
    if (made.result === null) continue
    const said = member(made.result, 'backup')
    const given: Json = shares.map(({ index, name, share, envelope }) => ({ index, name, share, envelope }))
    if (!fits(said, { set, identifier, publicKey, wrapped, medium, shares: given }))
      return `${id}: the transcript has another backup`
    const proof = v.predicate.possession.find((one) => one.id === id)
    if (proof === undefined) return `${id}: a backup, and no possession proof to compare it with`
    const { mechanism, digest } = proof
    if (!same(member(said, 'possession'), { mechanism, digest })) return `${id}: its backup holds another key`
  }
  return null
}

function wrong(detail: string): Outcome<never> {
  return refuse('BACKUPS', detail)
}
