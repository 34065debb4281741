import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { maxPlanBytes, namesOf, type Plan, printPlan, readScript, takeSeat } from '@lux/ceremony/plan'
import { encodePolicyFile, proposeExpiry } from '@lux/ceremony/policy'
import {
  cardCodec,
  type SignatureRequest,
  serverCardCodec,
  signatureAnswerCodec,
  signatureRequestCodec,
  transportCodec,
} from '@lux/ceremony/wire'
import { FormatError, type Json, parseCanonical, toBase64, toHex } from '@lux/crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import { MAX_SENT } from '@lux/crypto/transport'
import { ExpectedError, readBounded, writeDurably, writeInFolder } from '@lux/node-files'
import { checkLockable, enrol, lockPlan } from '@lux/people'
import type { InputOf, PlannedPart, personRoles, SetupSummary, SetupView } from '../../../contract/index.ts'
import { beginProduction } from '../../runs/begin/begin-production.ts'
import { maxPublic } from '../../runs/begin/production-files.ts'
import { refusedPlan } from '../../runs/begin/refused-plan.ts'
import { startProduction } from '../../use-cases/begin.ts'
import { openKeyFile, sealKeyFile } from '../../use-cases/key-file.ts'
import { planBytes, plannedServer, writeCards } from '../../use-cases/make-plan.ts'
import { takeIn } from '../ceremonies/begin-ceremony.ts'
import { burntInStore, requireReadable } from '../ceremonies/lineage.ts'
import { otherKey } from '../ceremonies/sign-here.ts'
import { keepScript } from '../scripts/own-scripts.ts'
import { mustBeNewIn } from '../shared/granted-paths.ts'
import { needed, refuse } from '../shared/needed.ts'
import { scannedBytes } from '../shared/scanned.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { requireUnrehearsed } from '../tokens/rehearsed-tokens.ts'
import { knownCard } from './known-people.ts'
import { approvalRequest, planOf, rehearsedOf } from './setup-plan.ts'
import { isSigned, policyFileOf, soundFile } from './setup-policy.ts'
import { playOn, rehearsePlan, rehearseTogether } from './setup-rehearsal.ts'
import {
  approvalsOf,
  approveWith,
  policyRequest,
  signPolicyWith,
  takeApproval,
  takePolicy,
  takePolicySignature,
} from './setup-signatures.ts'
import { loadSetup, type Setup, saveSetup } from './setup-state.ts'
import { viewOf } from './setup-view.ts'

const maxDocument = 1 << 20

export async function listSetups(parts: ServiceContext): Promise<{ setups: SetupSummary[] }> {
  const setups: SetupSummary[] = []
  for (const { id, changed } of parts.store.setups()) {
    const { domain, title, next, run, policy, approval } = await viewOf(parts, id)
    const waits = next === 'policy' ? policy.signers : next === 'approve' ? approval.signers : null
    const given = waits?.filter((one) => one.signed).length ?? 0
    const signed = waits === null ? null : { given, required: policy.officerQuorum }
    setups.push({ id, domain, title, changed, next, signed, run })
  }
  return { setups }
}

export function beginSetup(
  parts: ServiceContext,
  { title, domain = 'production' }: InputOf<'setups.begin'>,
): { id: string } {
  const id = toHex(parts.entropy.bytes(16))
  saveSetup(parts, id, {
    v: 1,
    domain,
    title,
    organisation: { id: '', name: '' },
    expiry: proposeExpiry(parts.clock.now()),
    officerQuorum: null,
    witnessQuorum: null,
    approverThreshold: null,
    softTokens: false,
    leastEvidence: 'E1',
    otherTools: [],
    script: null,
    values: {},
    cards: [],
    servers: [],
    adopted: null,
    signed: null,
    rehearsal: null,
    approvals: [],
    run: null,
  })
  return { id }
}

export function viewSetup(parts: ServiceContext, { id }: InputOf<'setups.view'>): Promise<SetupView> {
  return viewOf(parts, id)
}

/** What the policy says, and so whoever signed it. */
const ofPolicy = [
  'organisation',
  'expiry',
  'officerQuorum',
  'witnessQuorum',
  'approverThreshold',
  'softTokens',
  'leastEvidence',
  'otherTools',
] as const

/** Errors: SETUP-SIGNED where people have signed what would change. */
export function changeSetup(
  parts: ServiceContext,
  { id, change }: InputOf<'setups.change'>,
): Promise<SetupView> {
  return changed(parts, id, (setup) => {
    if (ofPolicy.some((one) => change[one] !== undefined)) mustBeOpen(setup, 'policy')
    if (change.script !== undefined || change.values !== undefined || change.title !== undefined)
      mustBeOpen(setup, 'plan')
    const { script } = change
    const values = script === undefined || script === setup.script ? setup.values : {}
    return { ...setup, values, ...change }
  })
}

async function changed(
  parts: ServiceContext,
  id: string,
  change: (setup: Setup) => Setup | Promise<Setup>,
): Promise<SetupView> {
  saveSetup(parts, id, await change(loadSetup(parts, id)))
  return viewOf(parts, id)
}

/** What others have signed stays as it is until the signatures are taken back. Errors: SETUP-SIGNED. */
function mustBeOpen(setup: Setup, of: 'policy' | 'plan'): void {
  if (setup.run !== null) throw new ExpectedError('SETUP-SIGNED', 'the plan is locked')
  if (of === 'policy' && setup.adopted !== null)
    throw new ExpectedError('SETUP-SIGNED', 'the policy was brought, signed by its officers')
  const given = of === 'policy' ? (setup.signed?.signatures.length ?? 0) : setup.approvals.length
  if (given > 0) throw new ExpectedError('SETUP-SIGNED', `${given} signed the ${of}`)
}

export function takeFile(parts: ServiceContext, asked: InputOf<'setups.take'>): Promise<SetupView> {
  const file = parts.paths.read(asked.path)
  return takeDocument(parts, asked, readBounded(file, maxDocument), file)
}

export function takeCarried(parts: ServiceContext, asked: InputOf<'setups.takeCarried'>): Promise<SetupView> {
  const bytes = scannedBytes(asked.payload)
  if (bytes.length > maxDocument) throw new ExpectedError('FILE-TOO-LARGE', `${bytes.length} bytes`)
  return takeDocument(parts, asked, bytes, null)
}

/** What it is shows in the document itself. `from`: the file, beside which a server's card.json may lie. */
function takeDocument(
  parts: ServiceContext,
  { id, role: kind }: { id: string; role?: (typeof personRoles)[number] },
  bytes: Uint8Array,
  from: string | null,
): Promise<SetupView> {
  return changed(parts, id, async (setup) => {
    if (setup.run !== null) throw new ExpectedError('SETUP-SIGNED', 'the plan is locked')
    const card = cardCodec.parse(bytes)
    if (card.ok) return seated(setup, card.value, kind)
    if (kind !== undefined) throw wrongKind('the card of a person is asked for')
    const server = serverCardCodec.parse(bytes)
    if (server.ok) return withServer(setup, server.value, null)
    const answer = signatureAnswerCodec.parse(bytes)
    if (answer.ok) {
      if (answer.value.what === 'policy') return takePolicySignature(parts, setup, answer.value)
      const plan = await planOf(parts, setup)
      const { policy } = policyFileOf(parts, setup)
      return takeApproval(policy, setup, await rehearsedOf(parts, setup, plan), answer.value)
    }
    if (readScript(bytes).ok) return withScript(parts, setup, bytes)
    const document = documentOf(bytes)
    if (isPolicyFile(document)) return takePolicy(parts, setup, bytes)
    if (transportCodec.file.check(document).ok) return withTransport(setup, document, from)
    throw wrongKind(
      'a card, a server’s card or transport file, a policy, a script, or an officer’s answer is asked for',
    )
  })
}

function seated(setup: Setup, card: Setup['cards'][number], kind?: (typeof personRoles)[number]): Setup {
  if (setup.adopted === null) mustBeOpen(setup, 'policy')
  mustBeOpen(setup, 'plan')
  const cards = needed(
    takeSeat(setup.cards, card, { domain: setup.domain, ...(kind === undefined ? {} : { kind }) }),
  )
  return { ...setup, cards }
}

/** A script file is kept in the store under its hash and chosen: what it says cannot change any more. */
function withScript(parts: ServiceContext, setup: Setup, bytes: Uint8Array): Setup {
  mustBeOpen(setup, 'plan')
  return { ...setup, script: keepScript(parts, bytes), values: {} }
}

function withServer(setup: Setup, card: Setup['servers'][number]['card'], transport: Json | null): Setup {
  mustBeOpen(setup, 'plan')
  if (card.domain !== setup.domain)
    throw new ExpectedError(
      'CARD-DOMAIN',
      `a server’s card of ${card.domain}, in a set-up of ${setup.domain}`,
    )
  const audience = serverCardCodec.digest(card)
  const there = setup.servers.find((one) => serverCardCodec.digest(one.card) === audience)
  if (there !== undefined && transport === null)
    throw new ExpectedError('CARD-TWICE', `the server ${there.name}`)
  // A policy names servers by their cards alone: a transport file is the plan's.
  if (there === undefined && setup.adopted === null) mustBeOpen(setup, 'policy')
  const others = setup.servers.filter((one) => one !== there)
  const listed = setup.adopted?.policy.audiences.find((one) => one.audience === audience)?.name
  const called = there?.name ?? listed ?? freeName(others.map((one) => one.name))
  plannedServer(card, transport, called)
  return { ...setup, servers: [...others, { name: called, card, transport }] }
}

function freeName(taken: readonly string[]): string {
  for (let at = 1; ; at += 1) {
    const name = at === 1 ? 'main' : `server ${at}`
    if (!taken.includes(name)) return name
  }
}

/** A transport file is of a server whose card is here, or lies beside it. Errors: CARD-MISSING, TRANSPORT-SERVER. */
function withTransport(setup: Setup, document: Json, from: string | null): Setup {
  const read = needed(transportCodec.file.check(document))
  const { audience } = read.payload
  const there = setup.servers.find(({ card }) => serverCardCodec.digest(card) === audience)
  if (there !== undefined) return withServer(setup, there.card, document)
  const beside = from === null ? null : join(dirname(resolve(from)), 'card.json')
  const card =
    beside !== null && existsSync(beside) ? serverCardCodec.parse(readBounded(beside, maxDocument)) : null
  if (card?.ok !== true) throw new ExpectedError('CARD-MISSING', 'the server’s card.json comes first')
  return withServer(setup, card.value, document)
}

function documentOf(bytes: Uint8Array): Json {
  try {
    return parseCanonical(bytes, { maxBytes: maxDocument })
  } catch (error) {
    if (error instanceof FormatError) throw wrongKind(`${error.rule}: ${error.detail}`)
    throw error
  }
}

function isPolicyFile(document: Json): boolean {
  return typeof document === 'object' && document !== null && 'policy' in document && 'signatures' in document
}

function wrongKind(detail: string): ExpectedError {
  return new ExpectedError('FILE-WRONG-KIND', detail)
}

/** Makes a person's key here: its file goes to that person, its card is taken. */
export async function enrolHere(parts: ServiceContext, asked: InputOf<'setups.enrol'>): Promise<SetupView> {
  needed(await checkPassphrase(asked.passphrase, [asked.name]))
  const { domain } = loadSetup(parts, asked.id)
  const made = needed(await enrol({ kind: asked.role, domain, name: asked.name }, parts.entropy))
  const { key } = made
  try {
    // Whether the card may join is known before a key is written that nobody needs.
    seated(loadSetup(parts, asked.id), key.card, asked.role)
    const file = parts.paths.write(asked.path)
    mustBeNewIn(file)
    writeInFolder(file, await sealKeyFile(key, asked.passphrase), 0o600)
    // Whoever made it signs with it next: the file is the one that this person chose.
    parts.paths.take({ use: 'read', path: file })
  } finally {
    key.identity.secret.wipe()
  }
  return changed(parts, asked.id, (setup) => seated(setup, key.card, asked.role))
}

export function seatKnown(parts: ServiceContext, asked: InputOf<'setups.seat'>): Promise<SetupView> {
  return changed(parts, asked.id, (setup) => seated(setup, knownCard(parts, asked)))
}

export function removeCard(parts: ServiceContext, asked: InputOf<'setups.remove'>): Promise<SetupView> {
  return changed(parts, asked.id, (setup) => {
    if (setup.adopted === null) mustBeOpen(setup, 'policy')
    mustBeOpen(setup, 'plan')
    return {
      ...setup,
      cards: setup.cards.filter((card) => cardCodec.digest(card) !== asked.card),
      servers: setup.servers.filter(({ card }) => serverCardCodec.digest(card) !== asked.card),
    }
  })
}

export function reopen(parts: ServiceContext, asked: InputOf<'setups.reopen'>): Promise<SetupView> {
  return changed(parts, asked.id, (setup) => {
    if (setup.run !== null) throw new ExpectedError('SETUP-SIGNED', 'the plan is locked')
    const plan = { ...setup, approvals: [] }
    return asked.what === 'plan' ? plan : { ...plan, signed: null, adopted: null }
  })
}

export async function signHere(parts: ServiceContext, asked: InputOf<'setups.sign'>): Promise<SetupView> {
  const key = await openKeyFile(parts.paths.read(asked.key), asked.passphrase)
  try {
    if (key.card.name !== asked.name) throw otherKey(key.card.name, asked.name)
    return await changed(parts, asked.id, async (setup) => {
      if (setup.run !== null) throw new ExpectedError('SETUP-SIGNED', 'the plan is locked')
      if (asked.what === 'policy') return signPolicyWith(parts, setup, key, asked.shown)
      const plan = await planOf(parts, setup)
      const rehearsed = await rehearsedOf(parts, setup, plan)
      const of = { policy: policyFileOf(parts, setup).policy, setup, plan, rehearsed }
      return approveWith(key, of, asked.shown)
    })
  } finally {
    key.identity.secret.wipe()
  }
}

/** Errors: SETUP-EARLY, FILE-EXISTS. */
export async function writeRequest(
  parts: ServiceContext,
  asked: InputOf<'setups.request'>,
): Promise<{ paths: string[] }> {
  const setup = loadSetup(parts, asked.id)
  if (asked.what === 'policy') {
    return writeInto(parts.paths.folder(asked.folder), {
      'policy.json': encodePolicyFile(soundFile(parts, setup)),
      // For a phone, which signs what it is asked and no policy that it finds.
      'sign-policy.json': signatureRequestCodec.encode(policyRequest(parts, setup)),
    })
  }
  const request = signatureRequestCodec.encode(await planRequest(parts, setup))
  return writeInto(parts.paths.folder(asked.folder), { 'approve-plan.json': request })
}

/** The same for a phone, as one code or several: Base64. Errors: SETUP-EARLY, TRANSFER-TOO-LARGE. */
export async function carryRequest(
  parts: ServiceContext,
  asked: InputOf<'setups.carry'>,
): Promise<{ payload: string }> {
  const setup = loadSetup(parts, asked.id)
  const request = asked.what === 'policy' ? policyRequest(parts, setup) : await planRequest(parts, setup)
  const bytes = signatureRequestCodec.encode(request)
  if (bytes.length > MAX_SENT)
    throw new ExpectedError('TRANSFER-TOO-LARGE', `${bytes.length} bytes, more than ${MAX_SENT}`)
  return { payload: toBase64(bytes) }
}

/** Errors: SETUP-EARLY. */
async function planRequest(parts: ServiceContext, setup: Setup): Promise<SignatureRequest> {
  const plan = await planOf(parts, setup)
  const rehearsed = await rehearsedOf(parts, setup, plan)
  if (rehearsed === null) throw new ExpectedError('SETUP-EARLY', 'the plan is not rehearsed yet')
  return approvalRequest(rehearsed, plan)
}

function writeInto(folder: string, files: Readonly<Record<string, Uint8Array>>): { paths: string[] } {
  const paths = Object.keys(files).map((name) => join(folder, name))
  for (const one of paths) mustBeNewIn(one)
  for (const [name, bytes] of Object.entries(files)) writeDurably(join(folder, name), bytes, 0o644)
  return { paths }
}

export async function rehearse(
  parts: ServiceContext,
  { id, alone }: InputOf<'setups.rehearse'>,
): Promise<SetupView> {
  const setup = loadSetup(parts, id)
  if (setup.run !== null) throw new ExpectedError('SETUP-SIGNED', 'the plan is locked')
  const { made, faults } = await planOf(parts, setup)
  if (made === null) throw new ExpectedError('SETUP-EARLY', faults[0]?.detail ?? 'no script is chosen')
  if (setup.domain === 'rehearsal') {
    const run = await rehearseTogether(parts, setup, made)
    saveSetup(parts, id, { ...loadSetup(parts, id), rehearsal: run, run })
    return viewOf(parts, id)
  }
  const rehearsal = await rehearsePlan(parts, setup, made)
  saveSetup(parts, id, { ...loadSetup(parts, id), rehearsal })
  if (alone) playOn(parts, rehearsal)
  return viewOf(parts, id)
}

export async function printSetup(
  parts: ServiceContext,
  { id }: InputOf<'setups.print'>,
): Promise<{ text: string; parts: PlannedPart[] }> {
  const { made } = await planOf(parts, loadSetup(parts, id))
  if (made === null) throw new ExpectedError('SETUP-EARLY', 'there is no plan yet')
  return { text: printPlan(made.plan, made.hash), parts: plannedParts(made.plan) }
}

export function plannedParts(plan: Plan): PlannedPart[] {
  return plan.parts.map(({ kind, steps }) => ({
    kind,
    title: kind,
    steps: steps.map(({ id, do: does, actor, text, textKey, values = [] }) => ({
      ...{ id, do: does, title: id, text, textKey },
      actor: { role: actor, name: namesOf(plan, actor).join(', ') },
      values: values.map(({ label }) => label),
      cosigned: plan.checkpoints.live.includes(id),
    })),
  }))
}

/** The plan, its lock and its policy, each as bytes. Errors: SETUP-EARLY, PLAN-05, POLICY-…. */
async function lockedOf(parts: ServiceContext, setup: Setup) {
  if (setup.domain !== 'production') throw new ExpectedError('SETUP-EARLY', 'a rehearsal is not locked')
  const plan = await planOf(parts, setup)
  const rehearsed = await rehearsedOf(parts, setup, plan)
  const file = soundFile(parts, setup)
  if (plan.made === null || rehearsed === null)
    throw new ExpectedError('SETUP-EARLY', 'the plan is not rehearsed yet')
  if (!isSigned(file)) throw new ExpectedError('SETUP-EARLY', 'the policy is not signed by enough officers')
  needed(checkLockable(plan.made.plan, file.policy, parts.clock.now()))
  const signatures = approvalsOf(file.policy, setup, rehearsed).map(({ signature }) => signature)
  const locked = lockPlan(rehearsed.approval, signatures, file.policy)
  if (!locked.ok) throw refusedPlan(locked.refusals)
  const bytes = planBytes(plan.made)
  if (bytes.length > maxPlanBytes) throw new ExpectedError('FILE-TOO-LARGE', 'the plan')
  return { plan: plan.made.plan, bytes, lock: locked.bytes, policy: encodePolicyFile(file) }
}

export async function exportSetup(
  parts: ServiceContext,
  asked: InputOf<'setups.export'>,
): Promise<{ paths: string[] }> {
  const setup = loadSetup(parts, asked.id)
  const { bytes, lock, policy } = await lockedOf(parts, setup)
  const folder = parts.paths.folder(asked.folder)
  const written = writeInto(folder, { 'policy.json': policy, 'plan.yaml': bytes, 'plan.lock.json': lock })
  writeCards(join(folder, 'cards'), { people: setup.cards, servers: serversOf(setup) })
  return { paths: [...written.paths, join(folder, 'cards')] }
}

function serversOf({ servers }: Setup) {
  return servers.map(({ name, card, transport }) => plannedServer(card, transport, name))
}

function jsonOf(bytes: Uint8Array): Json {
  return parseCanonical(bytes, { maxBytes: maxDocument })
}

/** The approved plan becomes a production run of this store. Errors: SETUP-EARLY and those of `beginProduction`. */
export async function lock(parts: ServiceContext, asked: InputOf<'setups.lock'>): Promise<{ run: string }> {
  const setup = loadSetup(parts, asked.id)
  if (setup.run !== null) return { run: setup.run }
  const epoch = asked.epoch === undefined ? null : readBounded(parts.paths.read(asked.epoch), maxPublic)
  const { plan, bytes, lock: lockBytes, policy } = await lockedOf(parts, setup)
  if (plan.destinations.length > 0) requireReadable(parts)
  await requireUnrehearsed(parts, plan)
  const cards = new Map<string, Json>([
    ...setup.cards.map((card): [string, Json] => [cardCodec.digest(card), jsonOf(cardCodec.encode(card))]),
    ...setup.servers.map(({ card }): [string, Json] => [
      serverCardCodec.digest(card),
      jsonOf(serverCardCodec.encode(card)),
    ]),
  ])
  const transports = new Map<string, Json>(
    setup.servers.flatMap(({ transport }): [string, Json][] => {
      const read = transport === null ? null : transportCodec.file.check(transport)
      return read?.ok === true && transport !== null
        ? [[transportCodec.payload.digest(read.value.payload), transport]]
        : []
    }),
  )
  const begun = beginProduction({
    folder: join(parts.store.ceremonies, `new-${parts.clock.now().replaceAll(/[^0-9]/g, '')}`),
    plan: bytes,
    lock: lockBytes,
    policy,
    cards,
    transports,
    attestations: new Map(),
    public: epoch,
    tokens: plan.tokens.map(({ role: of, serial }) => ({ role: of, serial: serial === 'new' ? '' : serial })),
    library: parts.hsm().library.sha256,
    burnt: burntInStore(plan, parts),
    measurement: parts.program.measurement,
    entropy: parts.entropy,
    clock: parts.clock,
  })
  const started = startProduction(begun, (folder) => takeIn(parts, folder).run)
  refuse(started.ok ? null : started)
  const run = begun.folder.state.ceremonyId
  saveSetup(parts, asked.id, { ...loadSetup(parts, asked.id), run })
  return { run }
}

/** Its rehearsal and its run stay in the store. */
export function discardSetup(
  parts: ServiceContext,
  { id }: InputOf<'setups.discard'>,
): Record<string, never> {
  loadSetup(parts, id)
  parts.store.removeSetup(id)
  return {}
}
