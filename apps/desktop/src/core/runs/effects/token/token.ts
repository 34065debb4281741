import type { EffectOf, Finding, TokenNeed } from '@lux/ceremony'
import { tokenNeeds } from '@lux/ceremony/plan'
import { encodeCanonical, sha256Hex } from '@lux/crypto'
import {
  evidenceOf,
  type Inventory,
  noKeyWrap,
  type ProbeAttack,
  type ProbeReport,
  profileById,
  profileOf,
  type Token,
  type TokenInfo,
} from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { type Perform, pinOf, type RunContext, tokenOf } from '../context.ts'
import { leavesNothing, type Works } from '../work.ts'
import { atPad } from './pin-pad.ts'
import { isRehearsed, seenByUser } from './token-login.ts'

/** Names of the storage or objects that cannot be read count as unreadable; sorted, so that two inventories compare. */
export const takeInventory: Perform<'inventory'> = async (effect, run) => {
  const found = await tokenOf(run, effect.serial).inventory()
  const wanted = run.folder.state.tokens.some(({ role, wanted }) => role === effect.token && wanted)
  if (wanted) seenByUser(found, effect.serial)
  const objects = objectsOf(found)
  return {
    serial: effect.serial,
    objects,
    unreadable: found.damaged.length,
    digest: sha256Hex(encodeCanonical(objects)),
  }
}

/** The token objects of an inventory as the log holds them. */
export function objectsOf({ objects }: Inventory): { ckaId: string; class: string; label: string }[] {
  return objects
    .filter((object) => object.token)
    .map((object) => ({ ckaId: object.id, class: object.class, label: object.label }))
    .sort((a, b) => compare(a.ckaId, b.ckaId) || compare(a.class, b.class) || compare(a.label, b.label))
}

export const initialiseToken: Perform<'initialise-token'> = async (effect, run) => {
  const begun = (await halfInitialised(effect, run)) ?? (await leftByEarlierTry(effect, run))
  const slot = await plannedSlot(effect, run, begun)
  await noteTokens(effect, run)
  const soPin = pinOf(run, effect.token, 'so')
  const userPin = pinOf(run, effect.token, 'user')
  const token = run.hsm.token(begun ?? (effect.serial === '' ? 'new' : effect.serial))
  // A rehearsal of the same plan may have left a token of its label here: a run goes by serial numbers.
  const named = { label: effect.label, sameLabel: true, ...(slot === null ? {} : { slot }) }
  const info = await atPad(run, soPin, () =>
    soPin === 'pin-pad' || userPin === 'pin-pad'
      ? token.initialise({ ...named, soPin: 'pin-pad', userPin: 'pin-pad' })
      : token.initialise({ ...named, soPin, userPin }),
  )
  const { serial, label, model, firmware, marksTrusted } = info
  const measured = marksTrusted === null || run.folder.plan.v === 1 ? {} : { marksTrusted }
  return { serial, label, model, firmware, ...measured }
}

/**
 * The model is looked at before anything on the token is erased. Of several blank tokens the planned model's is taken: its slot; null where
 * there is nothing to choose. Errors: those of `checkModel`.
 */
async function plannedSlot(
  effect: EffectOf<'initialise-token'>,
  run: RunContext,
  begun: string | null,
): Promise<string | null> {
  const all = await run.hsm.tokens()
  const wanted = begun ?? effect.serial
  const blank = all.filter((token) => (wanted === '' ? !token.initialised : token.serial === wanted))
  const faults = blank.map((token) => {
    try {
      checkModel(token, effect.token, run)
      return null
    } catch (error) {
      return error
    }
  })
  const fits = blank.filter((_, at) => faults[at] === null)
  const [first] = fits
  if (first !== undefined) return wanted === '' && fits.length < blank.length ? first.slot : null
  if (blank.length > 0) throw faults[0]
  return null
}

const noteOf = (step: string, attempt: number) => `attempts/${step}-${attempt}-tokens.json`

/** Serials of finished tokens that carry the label already: a crash must not make one of them this run's own. */
async function noteTokens(
  { label, step, attempt }: EffectOf<'initialise-token'>,
  run: RunContext,
): Promise<void> {
  run.folder.writeDocument(
    noteOf(step, attempt),
    (await finishedTokens(label, run)).map(({ serial }) => serial),
  )
}

/** Finished tokens of this label that were not there before the attempt; null when the attempt never reached the token. */
export async function tokensSince(
  { label, step, attempt }: EffectOf<'initialise-token'>,
  run: RunContext,
): Promise<TokenInfo[] | null> {
  const note = noteOf(step, attempt)
  if (!run.folder.has(note)) return null
  // Written by noteTokens alone.
  const before = run.folder.readDocument(note) as string[]
  return (await finishedTokens(label, run)).filter(({ serial }) => !before.includes(serial))
}

/** A token that an earlier try of this step finished although its answer was an error: it is taken again, not left behind. */
async function leftByEarlierTry(
  effect: EffectOf<'initialise-token'>,
  run: RunContext,
): Promise<string | null> {
  for (let attempt = 1; attempt < effect.attempt; attempt++) {
    const left = (await tokensSince({ ...effect, attempt }, run)) ?? []
    if (left.length === 1) return left[0]?.serial ?? null
  }
  return null
}

async function finishedTokens(label: string, run: RunContext): Promise<TokenInfo[]> {
  const all = await run.hsm.tokens()
  return all.filter((token) => token.initialised && token.label === label && token.pin.user !== 'not-set')
}

/**
 * Serial of a token that an interrupted try of this step left with its label and without a user PIN. One that stood there
 * before the first try is somebody else's: a label is no reason to erase it.
 */
async function halfInitialised(
  { label, step }: EffectOf<'initialise-token'>,
  run: RunContext,
): Promise<string | null> {
  const half = (await run.hsm.tokens())
    .filter((t) => t.initialised && t.label === label && t.pin.user === 'not-set')
    .map(({ serial }) => serial)
  const note = `attempts/${step}-half-before.json`
  if (!run.folder.has(note)) {
    run.folder.writeDocument(note, half)
    return null
  }
  // Written here alone.
  const before = run.folder.readDocument(note) as string[]
  const ours = half.filter((serial) => !before.includes(serial))
  return ours.length === 1 ? (ours[0] ?? null) : null
}

export const logIn: Perform<'log-in'> = async (effect, run) => {
  const token = tokenOf(run, effect.serial)
  const info = await token.info()
  checkModel(info, effect.token, run)
  checkUnrehearsed(info, effect.token, run)
  const pin = pinOf(run, effect.token, 'user')
  // Whoever is logged in from elsewhere has not typed a PIN for this step.
  if (info.loggedIn !== null) await token.logOut()
  const acceptFinalTry = isLastTryTakenOn(run, effect.step)
  await atPad(run, pin, () => token.logIn({ user: 'user', pin, acceptFinalTry }))
  const { user } = await token.pinState()
  return {
    serial: effect.serial,
    pinState: user === 'ok' || user === 'low' || user === 'final' ? user : 'unknown',
    ...(pin === 'pin-pad' ? { by: pin } : {}),
  }
}

/** A token that this run initialised itself is its own, whoever had it before. Refuses TOKEN-REHEARSED in production. */
function checkUnrehearsed(info: TokenInfo, role: string, run: RunContext): void {
  const { plan, state } = run.folder
  const planned = plan.tokens.find((token) => token.role === role)
  if (state.domain === 'rehearsal' || planned?.serial === 'new') return
  if (isRehearsed(info, run.rehearsed()))
    throw new ExpectedError('TOKEN-REHEARSED', `${role}: ${info.serial} ${info.label}`)
}

/** Officers who signed that a step is done again after it stopped before the last try have taken that one try on. */
function isLastTryTakenOn({ folder }: RunContext, step: string): boolean {
  const last = folder.state.exceptions.findLast((one) => one.step === step)
  return last?.decision === 'retry' && last.happened.startsWith('HSM-PIN-FINAL-TRY')
}

/**
 * Refuses TOKEN-PROFILE-OTHER in production: what the policy says of programs and hardware is decided by the plan's
 * profile. A rehearsal puts a program in the place of every token.
 */
export function checkModel({ manufacturer, model }: TokenInfo, role: string, { folder }: RunContext): void {
  const planned = folder.plan.tokens.find((token) => token.role === role)?.profile
  const found = profileOf(manufacturer, model).id
  if (folder.state.domain === 'rehearsal' || found === planned) return
  if (planned === 'measured') {
    checkMeasured({ maker: manufacturer, model }, role, folder)
    return
  }
  throw new ExpectedError(
    'TOKEN-PROFILE-OTHER',
    `the plan says ${planned}, this token (${manufacturer}, ${model}) is ${found}`,
  )
}

/** What no profile speaks for counts as a program, unless the policy lists it as hardware. Refuses POLICY-SOFT-TOKEN. */
function checkMeasured(
  { maker, model }: { maker: string; model: string },
  role: string,
  { policy: { policy } }: RunContext['folder'],
): void {
  const isListed = (policy.hardware ?? []).some((one) => one.maker === maker && one.model === model)
  if (policy.softTokens || isListed) return
  throw new ExpectedError(
    'POLICY-SOFT-TOKEN',
    `${role}: the policy allows no software token, and does not list ${maker}, ${model} as hardware`,
  )
}

/** What a plan can ask of a token, as its probe and one trial have shown it. That somebody can set TRUSTED shows when the window's keys come in. */
async function measuredOf(token: Token, report: ProbeReport, initialised: boolean): Promise<TokenNeed[]> {
  const held = (name: ProbeAttack['name']) =>
    report.attacks.some((one) => one.name === name && one.template === 'hardened' && one.outcome === 'held')
  const [gcm] = await token.capabilities({
    only: { group: 'cipher', name: 'aes-256-gcm' },
    sessionOnly: true,
  })
  const shown: Record<TokenNeed, boolean> = {
    initialise: initialised,
    kwp: report.knownAnswers.chosen?.standard === 'KWP-RFC5649',
    'unwrap-template': held('silent-unwrap') && !report.lacking.includes('UNWRAP_TEMPLATE'),
    gcm: gcm?.state === 'proved',
    'trusted-window': held('wrap-to-untrusted') && held('transport-unwrap'),
  }
  return tokenNeeds.filter((need) => shown[need])
}

export const probeToken: Perform<'probe-token'> = async (effect, run) => {
  run.progress('probe-token', null)
  const token = tokenOf(run, effect.serial)
  const report = await token.probe()
  const planned = run.folder.plan.tokens.find(({ role }) => role === effect.token)
  const result = summary(report, planned?.profile === 'measured')
  if (run.folder.plan.v === 1) return result
  const measured = await measuredOf(token, report, planned?.serial === 'new')
  const { manufacturer, model, firmware } = await token.info()
  const library = run.folder.header.tokens.find(({ role }) => role === effect.token)?.library ?? ''
  const told = { ...result, token: { maker: manufacturer, model, firmware, library }, measured }
  return run.folder.plan.v === 3 ? { ...told, capabilities: [rootIn(report)] } : told
}

/** Of the roles that a key can have, the probe makes a root alone: what it did not have of its template is all that is known. */
function rootIn({ passed, lacking }: ProbeReport): { role: 'root'; able: boolean; lacks: string[] } {
  const names = new Set(lacking.filter((one) => one !== noKeyWrap))
  return { role: 'root', able: passed, lacks: [...names].toSorted() }
}

/** An attack that was not decided proves as little as one that was not tried. */
const outcomes = {
  held: 'held',
  broken: 'broke',
  undecided: 'not-tried',
  'not-applicable': 'not-tried',
} as const

function summary(report: ProbeReport, measured: boolean): Awaited<ReturnType<typeof probeToken>> {
  const outcome = (name: string, template: ProbeAttack['template']) => {
    const attack = report.attacks.find((one) => one.name === name && one.template === template)
    return attack === undefined ? ('not-tried' as const) : outcomes[attack.outcome]
  }
  const names = [...new Set(report.attacks.map((attack) => attack.name))]
  return {
    serial: report.serial,
    passed: report.passed,
    attacks: names.map((name) => ({
      name,
      hardened: outcome(name, 'hardened'),
      default: outcome(name, 'default'),
    })),
    // A line is never empty; this is the name of no mechanism.
    wrapMechanism: report.knownAnswers.chosen?.standard ?? 'none',
    level: measured && report.passed ? 'E1' : levelOf(report),
  }
}

/** Of a token that no profile knows nothing is promised, so its probe alone proves no E1 (CEREMONY.md "Evidence level"). */
function levelOf(report: ProbeReport): 'E0' | 'E1' {
  const profile = profileById(report.profile)
  const e1 = profile !== null && evidenceOf({ attributes: null, probe: report, profile }).level === 'E1'
  return e1 ? 'E1' : 'E0'
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A new token that carries the label and both PINs was initialised; one without a user PIN is initialised again. */
async function lookForToken(effect: EffectOf<'initialise-token'>, run: RunContext): Promise<Finding> {
  const whole = await tokensSince(effect, run)
  if (whole === null) return { found: 'absent', detail: 'the token was not touched' }
  if (whole.length > 1)
    return { found: 'ambiguous', detail: `${whole.length} tokens are labelled ${effect.label}` }
  const [token] = whole
  if (token === undefined) return { found: 'absent', detail: `no finished token is labelled ${effect.label}` }
  const { serial, label, model, firmware } = token
  return { found: 'adopted', result: { serial, label, model, firmware } }
}

export const works = {
  'initialise-token': { perform: initialiseToken, look: lookForToken },
  'log-in': { perform: logIn, look: leavesNothing },
  'probe-token': { perform: probeToken, look: leavesNothing },
  inventory: { perform: takeInventory, look: leavesNothing },
} satisfies Works<'initialise-token' | 'log-in' | 'probe-token' | 'inventory'>
