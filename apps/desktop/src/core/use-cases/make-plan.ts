import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BundleContents, verifyBundle } from '@lux/ceremony/bundle'
import {
  instantiateScript,
  lintCards,
  type Plan,
  type PlanRefusal,
  planFromScript,
  readPlan,
  readScript,
  type Script,
  type ScriptValues,
} from '@lux/ceremony/plan'
import { type Policy, policyDigest } from '@lux/ceremony/policy'
import { planTerms } from '@lux/ceremony/script-draft'
import {
  type Card,
  cardCodec,
  cardNameFault,
  newest,
  type ServerCard,
  serverCardCodec,
  transportCodec,
} from '@lux/ceremony/wire'
import { accept, type Json, type Outcome, refuse, utf8 } from '@lux/crypto'
import { profileOf } from '@lux/hsm'
import { ExpectedError, fileReader, writeDurably } from '@lux/node-files'
import { type RanOn, rehearsedPlan } from '@lux/people'
import { roomOf } from '../runs/begin/policy-terms.ts'

/** A server of a plan: its card, and what the root is wrapped to where it goes there. */
export type PlannedServer = {
  readonly card: ServerCard
  readonly transport: { readonly digest: string; readonly file: Uint8Array } | null
}

/** What a script becomes a plan with. `values` come before what is known by itself. */
export type PlanParts = {
  readonly script: Uint8Array
  readonly people: readonly Card[]
  readonly servers: readonly PlannedServer[]
  readonly policy: Policy | null
  /** SHA-256 of the token's library, where it is known. */
  readonly library: string | null
  readonly build: string
  readonly values: ScriptValues
}

export type MadePlan = {
  readonly text: string
  readonly plan: Plan
  readonly hash: string
  /** Cards of `people` that the plan names, and those for which it has no seat. */
  readonly seated: readonly Card[]
  readonly unseated: readonly Card[]
}

type Made<T> = { ok: true; value: T } | { ok: false; refusals: readonly PlanRefusal[] }

/** Fills a script's blanks; the plan has to lint, with its cards and under its policy where there is one. */
export function makePlan(parts: PlanParts): Made<MadePlan> {
  const script = readScript(parts.script)
  if (!script.ok) return script
  const terms = parts.policy === null ? undefined : roomOf(parts.policy)
  const valuesWith = (people: readonly Card[]) => ({
    ...known(script.value, { ...parts, people }),
    ...parts.values,
  })
  const ill = parts.people.flatMap((card) => cardNameFault(card) ?? [])
  if (ill.length > 0)
    return { ok: false, refusals: ill.map((detail) => ({ rule: 'CARD-NAME', step: '', detail })) }
  const people = withSeat(parts, valuesWith)
  const made = planFromScript(parts.script, valuesWith(people), terms)
  if (!made.ok) return made
  const cardOf = (digest: string) => people.find((card) => cardCodec.digest(card) === digest)
  const refusals = lintCards(made.value.plan, cardOf, terms?.listed)
  if (refusals.length > 0) return { ok: false, refusals }
  const unseated = parts.people.filter((card) => !people.includes(card))
  return { ok: true, value: { ...made.value, seated: people, unseated } }
}

/**
 * The cards that the plan has a seat for: of its roles, and of holders those whom the threshold key or its next epoch names. A folder
 * of cards has others too, of people whom only the policy names.
 */
function withSeat(parts: PlanParts, valuesWith: (people: readonly Card[]) => ScriptValues): readonly Card[] {
  const roles: readonly string[] = planTerms[newest].roles
  const people = seatedInOrder(parts.people.filter(({ kind }) => roles.includes(kind)))
  const made = instantiateScript(parts.script, valuesWith(people))
  const read = made.ok ? readPlan(utf8(made.value)) : made
  if (!read.ok || read.plan.fhe === undefined) return people
  const holders = [...read.plan.fhe.holders, ...(read.plan.reshare?.holders ?? [])]
  return people.filter(({ kind, name }) => kind !== 'holder' || holders.includes(name))
}

/** Cards as a plan keeps them, in `folder`, each by what the plan names it by. Errors: those of the disk. */
export function writeCards(folder: string, { people, servers }: Pick<PlanParts, 'people' | 'servers'>): void {
  for (const card of people)
    writeDurably(join(folder, `${cardCodec.digest(card)}.json`), cardCodec.encode(card), 0o644)
  for (const { card, transport } of servers) {
    writeDurably(join(folder, `${serverCardCodec.digest(card)}.json`), serverCardCodec.encode(card), 0o644)
    if (transport !== null)
      writeDurably(join(folder, `transport-${transport.digest}.json`), transport.file, 0o644)
  }
}

/** In the order given, but that a renewed card follows the one that it renews: the seat of the present epoch comes first. */
function seatedInOrder(cards: readonly Card[]): Card[] {
  const digests = cards.map((card) => cardCodec.digest(card))
  const renewing = (card: Card) => card.renews !== undefined && digests.includes(card.renews.card)
  return [...cards.filter((card) => !renewing(card)), ...cards.filter(renewing)]
}

/** What is known by itself, where the script has a blank for it. */
function known(script: Script, { people, servers, policy, library, build }: PlanParts): ScriptValues {
  const all: Record<string, unknown> = { title: script.title, tool: build }
  if (policy !== null) {
    all.policy = policyDigest(policy)
    all.organisationId = policy.organisation.id
    all.organisationName = policy.organisation.name
  }
  if (library !== null) all.library = library
  if (people.length > 0)
    all.people = people.map((card) => ({ role: card.kind, name: card.name, card: cardCodec.digest(card) }))
  if (servers.length > 0)
    all.destinations = servers.map(({ card, transport }) => ({
      card: serverCardCodec.digest(card),
      ...(transport === null ? {} : { transport: transport.digest }),
    }))
  return Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(script.blanks, name)))
}

/** Typed text as the type of its blank; an unknown name goes on as it is, to be refused with the others. */
export function typedValues(script: Script, texts: Readonly<Record<string, string>>): ScriptValues {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const type = Object.hasOwn(script.blanks, name) ? script.blanks[name]?.type : undefined
      if (type === 'integer') return [name, /^-?\d{1,9}$/.test(text) ? Number(text) : text]
      if (type === 'boolean') return [name, text === 'true' ? true : text === 'false' ? false : text]
      if (type === 'names') return [name, text.split(',').map((one) => one.trim())]
      return [name, text]
    }),
  )
}

/** A server of a plan, of its card and the transport document that it signed. Errors: TRANSPORT-MALFORMED, TRANSPORT-SERVER. */
export function plannedServer(card: ServerCard, transport: Json | null, from: string): PlannedServer {
  if (transport === null) return { card, transport }
  const document = transportCodec.file.check(transport)
  if (!document.ok) throw new ExpectedError(document.rule, document.detail)
  const { payload } = document.value
  const members = [{ name: payload.node, keys: card.receiptKey }]
  const signed = transportCodec.verify(document.value, card.domain, [{ role: 'server', members, quorum: 1 }])
  if (!signed.ok || payload.audience !== serverCardCodec.digest(card) || payload.domain !== card.domain)
    throw new ExpectedError('TRANSPORT-SERVER', `${from} is not of the server whose card.json lies beside it`)
  return {
    card,
    transport: {
      digest: transportCodec.payload.digest(payload),
      file: transportCodec.file.encode(document.value),
    },
  }
}

/** The file of a shipped script; null where none has that name. */
export function shippedScript(resources: string, name: string): string | null {
  const path = join(resources, 'scripts', `${name}.yaml`)
  return /^[a-z0-9-]+$/.test(name) && existsSync(path) ? path : null
}

/** Names of the scripts that are shipped. */
export function shippedScripts(resources: string): string[] {
  return readdirSync(join(resources, 'scripts'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
}

export function planBytes({ text }: MadePlan): Uint8Array {
  return utf8(text)
}

/**
 * What a verified bundle says of the backup of one root, as the blanks of a script that checks, drills or restores it. `root`: which,
 * where the bundle has several. Refuses BACKUP-NONE.
 */
export function backupValues(
  { digest, predicate }: Pick<BundleContents, 'digest' | 'predicate'>,
  root: string | null,
): Outcome<ScriptValues> {
  const all = predicate.backups ?? []
  const backup = root === null ? all[0] : all.find(({ id }) => id === root)
  if (backup === undefined)
    return refuse(
      'BACKUP-NONE',
      root === null ? 'the bundle has no backup' : `the bundle has no backup of ${root}`,
    )
  if (root === null && all.length > 1)
    return refuse('BACKUP-NONE', `the bundle has backups of ${all.map(({ id }) => id).join(', ')}: name one`)
  const { id, set, identifier, t, medium, shares } = backup
  const birth = predicate.wrapTree.find((node) => node.id === id)?.root
  const key = predicate.keyEvidence.find((one) => one.id === id)
  const proof = predicate.possession.find((one) => one.id === id)
  if (!birth || key === undefined || proof === undefined)
    return refuse('BACKUP-NONE', `the bundle does not say where ${id} was born`)
  return accept({
    rootKey: id,
    rootCkaId: key.ckaId,
    rootId: birth.rootId,
    rootCeremony: birth.born,
    t,
    custodians: shares.map(({ name }) => name),
    backupBundle: digest,
    backupSet: set,
    backupIdentifier: identifier,
    backupMedium: medium,
    backupMechanism: proof.mechanism,
    backupPossession: proof.digest,
    backupShares: shares.map(({ share }) => share),
  })
}

/** REHEARSED-ELSEWHERE: which tokens of a plan are of another make than the one that it was rehearsed on. A measured token has no make but `device`. */
export function elsewhere({ tokens }: Pick<Plan, 'tokens'>, ran: readonly RanOn[]): PlanWarning[] {
  return ran.flatMap(({ role, maker, model }) => {
    const planned = tokens.find((token) => token.role === role)
    if (planned === undefined) return []
    const { profile, device } = planned
    const make = profileOf(maker, model).id
    const isOther =
      device === undefined
        ? profile !== 'measured' && profile !== make
        : device.maker !== maker || device.model !== model
    const named = device === undefined ? profile : `${device.maker}, ${device.model}`
    const detail = `${role}: planned ${named}, rehearsed on ${maker}, ${model}`
    return isOther ? [{ rule: 'REHEARSED-ELSEWHERE', step: '', detail }] : []
  })
}

type PlanWarning = { readonly rule: string; readonly step: string; readonly detail: string }

/** What officers approve of a plan after the rehearsal that this bundle sealed. Refuses by the REHEARSAL- rules; errors: those of the file. */
export async function rehearsedIn(bundle: string, plan: Pick<MadePlan, 'plan' | 'hash'>) {
  const reader = fileReader(bundle)
  try {
    return await rehearsedPlan(plan, await verifyBundle(reader))
  } finally {
    reader.close()
  }
}
