import type { Predicate } from '../../bundle/predicate.ts'
import { fits, member, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { custodianStatementCodec } from '../../documents/backup/custodian-statement.ts'
import { shareRequestCodec } from '../../documents/backup/share-request.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { possessionChallenge } from '../../model/identifiers.ts'
import { stepsOf } from '../../plan/queries.ts'
import { placeFault } from '../token/bundle.ts'
import { askedCustodians, makesBackup, opens } from './queries.ts'

type Recovery = NonNullable<Predicate['recovery']>
type Statement = Recovery['statements'][number]

/**
 * RECOVERY: each statement is of a custodian of the plan, of this run and of the very share; where the backup was opened, a quorum gave
 * its shares to what the ceremony key asked for, and the token proves the root. Names who was asked and stated nothing, and what is burnt.
 */
export async function checkRecovery(v: Verification): Promise<Outcome<string>> {
  const plan = required(v.plan)
  const { recovery } = v.predicate
  if (recovery === undefined) return accept('no backup is used')
  if (makesBackup(plan)) return wrong('the run uses a backup and makes one')
  const names = plan.recovery?.custodians ?? []
  const given = new Set<string>()
  let last = 0
  for (const statement of recovery.statements) {
    const { index, name } = statement
    if (index <= last)
      return wrong('the statements are not in the order of the shares, or one is there twice')
    last = index
    if (names[index - 1] !== name) return wrong(`${name} is not custodian ${index}`)
    const stated = await statedBy(v, recovery, statement)
    if (!stated.ok) return wrong(`${name}: ${stated.detail}`)
    if (stated.value !== null) given.add(stated.value)
  }
  const heard = recovery.statements.map(({ name }) => name)
  const opened = await openedFault(v, recovery, given)
  if (opened !== null) return wrong(opened)
  // A quorum is enough where shares are given.
  const asked = opens(recovery.use) ? [] : askedCustodians(plan)
  const silent = asked.filter((name) => !heard.includes(name))
  return accept(
    [
      `${heard.length} of ${names.length} custodians`,
      ...(silent.length === 0 ? [] : [`asked in vain: ${silent.join(', ')}`]),
      ...(opens(recovery.use) ? [`burnt: the set ${recovery.backup.set}`] : []),
    ].join('; '),
  )
}

/** The digest of the share as it was given; null at a check. */
async function statedBy(
  v: Verification,
  { use, backup: { key, set, shares } }: Recovery,
  { index, name, document }: Statement,
): Promise<Outcome<string | null>> {
  const { domain, ceremonyId } = v.predicate
  const seat = v.run.header.roster.find((one) => one.role === 'custodian' && one.name === name)
  const card = v.people.get(seat?.card ?? '')
  if (card === undefined) return wrong('has no card of a custodian')
  const parsed = await v.parsed(document, custodianStatementCodec.file)
  if (!parsed.ok) return parsed
  const said = { domain, ceremonyId, use, key, set, index, name, share: shares[index - 1] ?? null }
  const { envelope } = parsed.value.payload
  if (!fits(parsed.value.payload, said) || (envelope !== null) !== opens(use))
    return wrong('states something else')
  const group = { role: 'custodian', members: [{ name, keys: card.keys }], quorum: 1 }
  const signed = custodianStatementCodec.verify(parsed.value, domain, [group])
  return signed.ok ? accept(envelope) : signed
}

/** What is there of an opened backup, and of no other. */
async function openedFault(
  v: Verification,
  { use, backup, statements, request, restored, zeroised }: Recovery,
  given: ReadonlySet<string>,
): Promise<string | null> {
  if (!opens(use))
    return request === undefined && restored === undefined && zeroised === undefined
      ? null
      : 'a check opens nothing'
  if (request === undefined || restored === undefined)
    return 'nothing asked for shares, or no root came of them'
  if (statements.length < backup.t) return `${statements.length} shares, ${backup.t} are needed`
  if (given.size !== statements.length) return 'two custodians gave the same'
  const indices = statements.map(({ index }) => index)
  if (restored.shares.join() !== indices.join()) return 'other shares were combined than were given'
  const asked = await requestFault(v, { use, backup, request })
  if (asked !== null) return asked
  const { mechanism, challenge, digest, ckaId, attributes } = restored
  if (ckaId !== backup.ckaId) return 'the root has another CKA_ID than it was born with'
  if (challenge !== possessionChallenge(backup.ceremonyId, backup.rootId))
    return 'proved over another challenge'
  if (mechanism !== backup.mechanism || digest !== backup.possession) return 'another key came of it'
  if (attributes.EXTRACTABLE !== false || attributes.SENSITIVE !== true)
    return 'the root may leave that token'
  const step = stepOf(v, 'restore-root')
  if (step === undefined || (step.token ?? 'ceremony') !== restored.token)
    return 'the plan brings it into another token'
  if ((zeroised !== undefined) !== (use === 'drill'))
    return 'a drill zeroises the root, and nothing else does'
  const { token, serial } = restored
  return zeroised === undefined || (zeroised.token === token && zeroised.serial === serial)
    ? null
    : 'it was zeroised in another token'
}

async function requestFault(
  v: Verification,
  { use, backup, request }: { use: Recovery['use']; backup: Recovery['backup']; request: string },
): Promise<string | null> {
  const { domain, ceremonyId } = v.predicate
  const parsed = await v.parsed(request, shareRequestCodec.file)
  if (!parsed.ok) return parsed.detail
  const { key, set, identifier, t, shares } = backup
  const custodians = required(v.plan).recovery?.custodians ?? []
  if (!fits(parsed.value.payload, { domain, ceremonyId, use, key, set, identifier, t, shares, custodians }))
    return 'shares were asked for otherwise'
  const members = [{ name: 'ceremony', keys: v.certificate.ceremonyKeys }]
  const signed = shareRequestCodec.verify(parsed.value, domain, [{ role: 'ceremony', members, quorum: 1 }])
  return signed.ok ? null : `what asked for shares: ${signed.detail}`
}

function stepOf(v: Verification, kind: 'restore-root' | 'zeroise-root') {
  return stepsOf(required(v.plan)).find(({ step }) => step.do === kind)?.step
}

/** Medium, request, restored root and its end are what the transcript says of them. */
export async function recoveryFault(v: Verification, recorded: readonly Recorded[]): Promise<string | null> {
  const { recovery } = v.predicate
  if (recovery === undefined) return null
  const { backup, request, restored, zeroised } = recovery
  for (const { step, result } of recorded) {
    if (step.do === 'check-medium' && result !== null && !fits(result, { medium: backup.medium }))
      return `${step.id}: another medium was read`
    if (step.do === 'ask-shares' && result !== null) {
      const asked = request === undefined ? null : await v.parsed(request, shareRequestCodec.file)
      const payload = asked?.ok === true ? asked.value.payload : null
      const digest = payload === null ? null : shareRequestCodec.payload.digest(payload)
      if (!fits(result, { digest, recipient: payload?.recipient ?? null }))
        return `${step.id}: something else was asked`
    }
    if (step.do === 'restore-root') {
      if (restored === undefined) return `${step.id}: no root came of it`
      const place = placeFault(v, step, restored)
      if (place !== null) return `the root in ${restored.token}: ${place}`
      const { serial, shares, mechanism, digest, ckaId, evidence, attributes } = restored
      const read = { ckaId, level: evidence, attributes }
      if (
        result !== null &&
        !(fits(result, { serial, shares, mechanism, digest }) && fits(member(result, 'evidence'), read))
      )
        return `${step.id}: another root came of it`
    }
    if (step.do === 'zeroise-root') {
      if (zeroised === undefined) return `${step.id}: nothing was zeroised`
      if (result !== null && !fits(result, { serial: zeroised.serial, ckaId: backup.ckaId, absent: true }))
        return `${step.id}: it is not zeroised`
    }
  }
  return null
}

function wrong(detail: string): Outcome<never> {
  return refuse('RECOVERY', detail)
}
