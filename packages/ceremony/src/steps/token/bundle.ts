import type { Json } from '@lux/crypto'
import { type Evidence, isWrapMechanism, member, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import type { KeyRole } from '../../documents/ceremony/machine.ts'
import type { Step, StepKind } from '../../plan/plan.ts'
import { isSoft } from '../../plan/profiles.ts'
import { stepsOf } from '../../plan/queries.ts'

/** Whether the token of a step passed a probe before it. A rehearsal's token may be one that no profile knows, and so of level E0. */
export function isProbed(v: Verification, step: Step, least: 'E0' | 'E1'): boolean {
  const { id, token = 'ceremony' } = step
  const steps = stepsOf(required(v.plan)).map((one) => one.step)
  const at = v.run.header.tokens.findIndex(({ role }) => role === token)
  const before = steps.slice(
    0,
    steps.findIndex((one) => one.id === id),
  )
  return before.some((one) => {
    if (one.do !== 'probe-token' || (one.token ?? 'ceremony') !== token) return false
    const result = v.run.results.get(`${one.id} probe-token`)
    if (result === undefined) return v.run.redacted.has(one.id)
    return (
      member(result, 'passed') === true &&
      member(result, 'serial') === v.certificate.tokenSerials[at] &&
      isWrapMechanism(member(result, 'wrapMechanism')) &&
      showsNeeds(v, token, result) &&
      isAble(v, step, result) &&
      (least === 'E0' || v.predicate.domain === 'rehearsal' || member(result, 'level') === 'E1')
    )
  })
}

/** What a key that a step makes or brings is for. */
const roleOf: { readonly [K in StepKind]?: KeyRole } = {
  'make-ceremony-key': 'ceremony',
  'generate-root': 'root',
  'replicate-root': 'root',
  'restore-root': 'root',
  'generate-key': 'data',
}

function capabilityIn(result: Json, role: KeyRole | undefined): Json {
  const listed = member(result, 'capabilities')
  return (Array.isArray(listed) ? listed : []).find((one) => member(one, 'role') === role) ?? null
}

/** Since version 3: a probe in which the token cannot hold such a key counts for none. */
function isAble(v: Verification, step: Step, result: Json): boolean {
  return v.predicate.v !== 3 || member(capabilityIn(result, roleOf[step.do]), 'able') !== false
}

/** What the last probe of the token before a step says that the token lacks for such a key; nothing before version 3. */
export function lackedBy(v: Verification, step: Step): readonly Json[] {
  if (v.predicate.v !== 3) return []
  const steps = stepsOf(required(v.plan)).map((one) => one.step)
  const probe = steps
    .slice(
      0,
      steps.findIndex((one) => one.id === step.id),
    )
    .findLast((one) => one.do === 'probe-token' && (one.token ?? 'ceremony') === (step.token ?? 'ceremony'))
  const result = v.run.results.get(`${probe?.id} probe-token`) ?? null
  const lacks = member(capabilityIn(result, roleOf[step.do]), 'lacks')
  return Array.isArray(lacks) ? lacks : []
}

/** A measured token is believed by what its probe showed, and by the library that the plan pins. */
function showsNeeds(v: Verification, role: string, result: Json): boolean {
  const planned = required(v.plan).tokens.find((token) => token.role === role)
  if (planned?.profile !== 'measured') return true
  const listed = member(result, 'measured')
  const measured = Array.isArray(listed) ? listed : []
  const library = v.run.header.tokens.find((token) => token.role === role)?.library ?? null
  return (
    (planned.needs ?? []).every((need) => measured.includes(need)) &&
    member(member(result, 'token'), 'library') === library
  )
}

/**
 * Whether a token counts as a program. Of a measured one the policy says what is hardware, by the maker and model that every probe of it
 * showed; what is redacted showed nothing.
 */
export function isProgram(
  v: Verification,
  { role, profile }: Verification['run']['header']['tokens'][number],
): boolean {
  if (profile !== 'measured') return isSoft(profile)
  return !namesItself(v, role, v.policy.hardware ?? [])
}

type Device = { readonly maker: string; readonly model: string }

/** Whether the token was probed, and every probe showed one of these makers and models. */
function namesItself(v: Verification, role: string, devices: readonly Device[]): boolean {
  const probes = stepsOf(required(v.plan)).filter(
    ({ step }) => step.do === 'probe-token' && (step.token ?? 'ceremony') === role,
  )
  const all = probes.every(({ step }) => {
    const shown = member(v.run.results.get(`${step.id} probe-token`) ?? null, 'token')
    return devices.some(
      ({ maker, model }) => maker === member(shown, 'maker') && model === member(shown, 'model'),
    )
  })
  return probes.length > 0 && all
}

/** Whether a root certificate that the policy pins for a device speaks for this measured token: SPEC.md 13.2. */
export function isMeasuredAs(
  v: Verification,
  token: Verification['run']['header']['tokens'][number] | undefined,
  device: Device | undefined,
): boolean {
  return token?.profile === 'measured' && device !== undefined && namesItself(v, token.role, [device])
}

/**
 * A window is as good as its marks. Where the run initialised a token, it measured whether the security officer can make a key that reads
 * back as trusted; a measured token that needs a trusted window has shown it, and no root goes out of a token that has shown the contrary.
 */
export function markFault(v: Verification, recorded: readonly Recorded[]): string | null {
  if (v.predicate.v === 1) return null
  const plan = required(v.plan)
  for (const { step } of stepsOf(plan)) {
    if (step.do !== 'initialise-token') continue
    // Redacted, or officers went on without it: then the window shows for itself what its token can do.
    if (!v.run.performed.has(step.id) || v.run.redacted.has(step.id)) continue
    const marks = member(v.run.results.get(`${step.id} initialise-token`) ?? null, 'marksTrusted')
    const role = step.token ?? 'ceremony'
    const needed =
      plan.tokens.find((token) => token.role === role)?.needs?.includes('trusted-window') === true
    if (needed && marks !== true) return `${step.id}: its security officer did not mark a key as trusted`
    const opened = recorded.find((other) => (other.step.token ?? 'ceremony') === role && marksKeys(other))
    if (marks === false && opened !== undefined)
      return `${opened.step.id}: a trusted window in a token whose security officer cannot mark a key as trusted`
  }
  return null
}

function marksKeys({ step, result }: Recorded): boolean {
  const trusted = step.do === 'generate-root' ? member(result, 'trusted') : null
  return Array.isArray(trusted) && trusted.length > 0
}

/** The officers' certificate lists serials in the order of the header's tokens. */
export function placeFault(
  v: Verification,
  step: Step,
  { serial, evidence }: Pick<Evidence, 'serial' | 'evidence'>,
): string | null {
  const role = step.token ?? 'ceremony'
  const at = v.run.header.tokens.findIndex((token) => token.role === role)
  if (v.certificate.tokenSerials[at] !== serial) return 'read in another token than the officers opened'
  return evidence === 'E0' || isProbed(v, step, 'E1')
    ? null
    : `claims ${evidence} of a token that passed no probe`
}
