import type { Plan } from '@lux/ceremony'
import { isSpareStep, stepsOf } from '@lux/ceremony/plan'
import { utf8 } from '@lux/crypto'
import { textFault } from '@lux/crypto/text'
import {
  copySoftObjects,
  createCompanion,
  type Hsm,
  joinSoftTokens,
  rootTemplate,
  softStoreOf,
} from '@lux/hsm'

/** Where a rehearsal runs: what every token of the library says of itself. Null where they differ, or a name breaks the text rule. */
export async function deviceOf(hsm: Pick<Hsm, 'tokens'>) {
  const [first, ...others] = await hsm.tokens()
  if (first === undefined) return null
  const { manufacturer: maker, model, firmware } = first
  const same = others.every(
    (one) => one.manufacturer === maker && one.model === model && one.firmware === firmware,
  )
  const legible = [maker, model, firmware].every((text) => text !== '' && textFault(text) === null)
  return same && legible ? { maker, model, firmware } : null
}

type Bound = { role: string; serial: string }

/**
 * A throw-away token for every token that the plan takes as it is: initialised, and with a root of its own wherever the
 * plan works under one of an earlier ceremony. Gives the serial by role; '' for a token that a step initialises. Those of
 * earlier rehearsals may still be there, under the same labels and logged in to: a run goes by serial numbers.
 */
export async function makeStandInTokens(
  plan: Plan,
  hsm: Hsm,
  pins: { so: string; user: string },
): Promise<Bound[]> {
  const bound: Bound[] = []
  for (const { role, serial } of plan.tokens)
    bound.push({ role, serial: serial === 'new' ? '' : await initialise(hsm, 'new', { role, pins }) })
  const home = serialOf(bound, 'ceremony')
  const store = softStoreOf(hsm.environment)
  const copies = home === '' ? [] : copiesOf(plan, bound)
  if (store !== null)
    for (const { role, serial } of copies) {
      joinSoftTokens(store, { from: home, to: serial })
      await initialise(hsm, serial, { role, pins })
    }
  for (const { role, attestation } of plan.tokens) {
    const id = attestation?.companion?.ckaId
    const serial = serialOf(bound, role)
    if (id !== undefined && serial !== '') await makeCompanion(hsm, serial, { id, pin: pins.user })
  }
  if (home !== '') await makeRoots(plan, hsm, home, pins.user)
  if (store !== null)
    for (const { serial } of copies.filter(({ holds }) => holds))
      copySoftObjects(store, { from: home, to: serial })
  return bound
}

const serialOf = (bound: readonly Bound[], role: string): string =>
  bound.find((one) => one.role === role)?.serial ?? ''

async function initialise(
  hsm: Hsm,
  serial: string,
  { role, pins }: { role: string; pins: { so: string; user: string } },
): Promise<string> {
  const made = await hsm.token(serial).initialise({
    label: `stand-in ${role}`,
    sameLabel: true,
    soPin: utf8(pins.so),
    userPin: utf8(pins.user),
  })
  return made.serial
}

/**
 * Tokens of the ceremony token's cloning domain, as the vendors' are from the start: those into which a step clones its root,
 * and those that `holds` it already, because the plan takes it out of use in each of them.
 */
function copiesOf(plan: Plan, bound: readonly Bound[]): (Bound & { holds: boolean })[] {
  const steps = stepsOf(plan).map(({ step }) => step)
  return bound.flatMap((one) => {
    if (one.role === 'ceremony' || one.serial === '') return []
    const own = steps.filter(({ token }) => token === one.role)
    const holds = own.some((step) => step.do === 'decommission-root')
    const cloned = own.some((step) => step.do === 'replicate-root' && !isSpareStep(plan, step))
    return holds || cloned ? [{ ...one, holds }] : []
  })
}

/** The pair that the plan names; a rehearsal’s own vendor attests it when it is asked to sign. */
async function makeCompanion(
  hsm: Hsm,
  serial: string,
  { id, pin }: { id: string; pin: string },
): Promise<void> {
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: utf8(pin) })
  await createCompanion(token, { id, label: 'companion' })
  await token.logOut()
}

async function makeRoots(plan: Plan, hsm: Hsm, serial: string, userPin: string): Promise<void> {
  const roots = plan.keys.flatMap(({ id, existing }) => (existing === undefined ? [] : [{ id, existing }]))
  if (roots.length === 0) return
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: utf8(userPin) })
  for (const { id, existing } of roots) {
    await token.generateAes({ id: existing.ckaId, label: id, bits: 256, template: rootTemplate })
  }
  await token.logOut()
}
