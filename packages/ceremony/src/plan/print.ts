import { encodeCanonical, type Json, sha256Hex } from '@lux/crypto'
import type {
  EarlierKey,
  Person,
  Plan,
  PlannedFhe,
  PlannedKey,
  PlannedRecovery,
  Step,
  TokenAttestation,
} from './plan.ts'
import { holderBefore, holderNext, namesOf, stayingHolders } from './queries.ts'

/** The plan as plain text for people: numbered steps with actor, names and a place for initials; `hash` on top. */
export function printPlan(plan: Plan, hash: string): string {
  const lines = [
    plan.title,
    `${plan.organisation.name} (${plan.organisation.id})`,
    '',
    `Plan hash    ${grouped(hash)}`,
    `Policy       ${grouped(plan.policy)}`,
    `Tool         ${plan.tool}`,
    '',
    'People',
    ...plan.people.map((person) => printPerson(plan, person)),
    '',
    'Tokens',
    ...plan.tokens.flatMap(({ role, profile, needs, serial, label, attestation }) => [
      `  ${role.padEnd(14)} ${profile}, ${serial === 'new' ? `new, label ${label ?? ''}` : `serial ${serial}`}`,
      ...(needs === undefined ? [] : [`      must show by its probe: ${needs.join(', ')}`]),
      ...printAttestation(attestation),
    ]),
  ]
  if (plan.destinations.length > 0)
    lines.push(
      '',
      'Destinations',
      ...plan.destinations.map(
        ({ card, transport }) =>
          `  server ${card}\n${transport === undefined ? '  no root is wrapped to it' : `  transport key ${transport}`}`,
      ),
    )
  if (plan.keys.length > 0) lines.push('', 'Keys', ...plan.keys.flatMap(printKey))
  lines.push(...printChanges(plan))
  if (plan.fhe !== undefined) {
    const { holders } = plan.fhe
    lines.push('', 'Threshold FHE key', `  ${describeFhe(plan.fhe)}`)
    lines.push(...holders.map((name, index) => `  holder ${index + 1}: ${name}`))
    lines.push(...printEpochs(plan, plan.fhe))
  }
  let number = 0
  for (const [index, part] of plan.parts.entries()) {
    lines.push('', `Part ${index + 1}: ${part.kind}`)
    for (const step of part.steps) {
      number += 1
      lines.push('', ...printStep(plan, step, number))
    }
  }
  return `${lines.join('\n')}\n`
}

function printKey(key: PlannedKey): string[] {
  const { id, level, name, algorithm, parent, version, replaces, backup, spares } = key
  const under = parent === undefined ? '' : `, under ${parent}`
  return [
    `  ${level.padEnd(14)} ${id}, ${name}, ${algorithm}${under}${version === undefined ? '' : `, version ${version}`}`,
    ...(replaces === undefined ? [] : [`      in the place of ${earlier(replaces)}`]),
    ...(backup === undefined
      ? []
      : [`      backup: any ${backup.t} of ${backup.n} bring it back: ${backup.custodians.join(', ')}`]),
    ...(spares === undefined ? [] : [`      also in the tokens ${spares.join(', ')}`]),
  ]
}

function printChanges({ revokes = [], heartbeat, recovery, nextPolicy }: Plan): string[] {
  return [
    ...(revokes.length === 0
      ? []
      : ['', 'No longer to be used', ...revokes.map((key) => `  ${earlier(key)}`)]),
    ...(nextPolicy === undefined ? [] : ['', `Next policy  ${grouped(nextPolicy)}`]),
    ...(heartbeat === undefined
      ? []
      : ['', `Holders state that they hold their shares at least every ${heartbeat.dueDays} days.`]),
    ...(recovery === undefined ? [] : printRecovery(recovery)),
  ]
}

function printRecovery({ use, custodians, backup }: PlannedRecovery): string[] {
  const { key, bundle, set, t, medium } = backup
  return [
    '',
    `Backup of ${key}, for a ${use}: any ${t} of ${custodians.length} bring it back`,
    `  bundle       ${grouped(bundle)}`,
    `  set          ${grouped(set)}`,
    `  medium       ${grouped(medium)}`,
    ...custodians.map((name, index) => `  share ${index + 1}: ${name}`),
  ]
}

function earlier({ bundle, id, version }: EarlierKey): string {
  return `${id}, version ${version}, of the bundle ${grouped(bundle)}`
}

function printPerson({ people, reshare }: Plan, person: Person): string {
  const { role, name, card } = person
  const renewed = role === 'holder' && reshare !== undefined && holderBefore(people, name) !== person
  return `  ${role.padEnd(14)} ${name}   card ${card.slice(0, 16)}${renewed ? ', renewed for the next epoch' : ''}`
}

function describeFhe({ id, type, mode, squash, proofBits, t, n }: PlannedFhe): string {
  if (type === 'TFHE_BINARY')
    return `${id}, TFHE_BINARY: any ${t} of ${n} hold the whole key; its shares decrypt nothing, and no ceremony recovers it`
  const proven = proofBits === undefined ? '' : `, for inputs proven in lists of at most ${proofBits} bits`
  return `${id}, mode ${mode}${squash ? ' with noise squashing' : ''}${proven}: any ${t} of ${n} decrypt`
}

function printAttestation(of: TokenAttestation | undefined): string[] {
  if (of === undefined) return []
  const { root, companion } = of
  const chain = companion && `      companion ${companion.ckaId}, attested by ${companion.chain}`
  return [`      vouched for under the root certificate ${root}`, ...(chain === undefined ? [] : [chain])]
}

function printEpochs(
  { people, reshare, decryptions = [] }: Plan,
  { existing, holders }: PlannedFhe,
): string[] {
  const lines: string[] = []
  if (existing !== undefined)
    lines.push(
      `  key          ${grouped(existing.keyId)}, dealt earlier`,
      `  epoch ${existing.epoch}      ${grouped(existing.epochId)}`,
      `  public.bin   ${grouped(existing.public)}`,
    )
  if (reshare !== undefined) {
    const { kind, t, n, holders: next, dealers } = reshare
    lines.push('', 'Next epoch of that key', `  ${kind}: any ${t} of ${n} decrypt`)
    lines.push(...next.map((name, index) => `  holder ${index + 1}: ${name}`))
    lines.push(`  dealt by ${dealers.join(', ')}`)
    const staying = stayingHolders(holders, next)
    const kept = staying.filter((name) => holderBefore(people, name) === holderNext(people, name))
    const renewed = staying.filter((name) => !kept.includes(name))
    if (renewed.length > 0) lines.push(`  with an envelope key made for it: ${renewed.join(', ')}`)
    if (kept.length > 0)
      lines.push(`  with the envelope key that they had: ${kept.join(', ')}. It opens the old envelopes too.`)
  }
  if (decryptions.length > 0)
    lines.push(
      '',
      'Decryptions',
      ...decryptions.map(
        ({ id, what, answers, canary }) =>
          `  ${id}: ${what}, ${answers} answers${canary === true ? ', a canary' : ''}`,
      ),
    )
  return lines
}

function printStep(plan: Plan, step: Step, number: number): string[] {
  const names = namesOf(plan, step.actor)
  const live = plan.checkpoints.live.includes(step.id)
    ? ['     Witnesses cosign before the run goes on.']
    : []
  return [
    `${String(number).padStart(3)}. [${step.id}] ${step.actor}: ${names.join(', ')}`,
    `     ${step.text}`,
    ...(step.by === 'vendor' ? ['     The vendor attests the ceremony key itself.'] : []),
    ...(step.by === 'pin-pad' ? ['     The PIN is entered at the token’s own pad.'] : []),
    ...(step.values ?? []).map(({ label }) => `     ${label}: ____________________`),
    ...live,
    '     Time ________ UTC   Initials ________',
  ]
}

/** A digest in groups of four, which people compare without losing their place. */
function grouped(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(' ') ?? hex
}

/** One difference at a path such as `parts[0].steps[2].text`; null where a side has nothing. */
export type PlanChange = { path: string; before: Json; after: Json }

/** Every difference between two plans, in the order of the plan's entries; lists are compared place by place. */
export function diffPlans(before: Plan, after: Plan): PlanChange[] {
  return changes('', before, after)
}

/** SHA-256 of the JCS of {before, after, changes}: what officers sign when the rehearsal was of an earlier plan. */
export function diffDigest(beforeHash: string, afterHash: string, found: readonly PlanChange[]): string {
  const changed = found.map(({ path, before, after }) => ({ path, before, after }))
  return sha256Hex(encodeCanonical({ before: beforeHash, after: afterHash, changes: changed }))
}

function changes(path: string, before: unknown, after: unknown): PlanChange[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, index) =>
      changes(`${path}[${index}]`, before[index], after[index]),
    ).flat()
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => changes(path === '' ? key : `${path}.${key}`, before[key], after[key]))
  }
  if (before === after) return []
  return [{ path, before: asJson(before), after: asJson(after) }]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A part of a plan is YAML data that passed the schema: strings, integers, booleans, lists and maps of them.
function asJson(value: unknown): Json {
  return value === undefined ? null : (value as Json)
}
