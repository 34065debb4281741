import type { Plan } from '@lux/ceremony'
import { isSpareStep, stepsOf } from '@lux/ceremony/plan'
import { utf8 } from '@lux/crypto'
import {
  copySoftObjects,
  createCompanion,
  type Hsm,
  joinSoftTokens,
  rootTemplate,
  softStoreOf,
} from '@lux/hsm'

/**
 * A throw-away token for every token that the plan takes as it is: initialised, and with a root of its own wherever the
 * plan works under one of an earlier ceremony. Gives the serial by role; '' for a token that a step initialises. Those of
 * earlier rehearsals may still be there, under the same labels: a run goes by serial numbers.
 */
export async function makeStandInTokens(
  plan: Plan,
  hsm: Hsm,
  pins: { so: string; user: string },
): Promise<{ role: string; serial: string }[]> {
  const bound: { role: string; serial: string }[] = []
  for (const { role, serial, attestation } of plan.tokens) {
    if (serial === 'new') {
      bound.push({ role, serial: '' })
      continue
    }
    const made = await hsm.token('new').initialise({
      label: `stand-in ${role}`,
      sameLabel: true,
      soPin: utf8(pins.so),
      userPin: utf8(pins.user),
    })
    if (attestation?.companion !== undefined)
      await makeCompanion(hsm, made.serial, { id: attestation.companion.ckaId, pin: pins.user })
    bound.push({ role, serial: made.serial })
  }
  await joinReplicas(plan, hsm, bound)
  const ceremony = bound.find(({ role }) => role === 'ceremony')
  if (ceremony !== undefined && ceremony.serial !== '') await makeRoots(plan, hsm, ceremony.serial, pins.user)
  await copyRoots(plan, hsm, bound)
  return bound
}

/** A root that is taken out of use is the same in each of these tokens, as a vendor's clone or a window brought it there. */
async function copyRoots(
  plan: Plan,
  hsm: Hsm,
  bound: readonly { role: string; serial: string }[],
): Promise<void> {
  const holding = stepsOf(plan).flatMap(({ step }) => (step.do === 'decommission-root' ? [step.token] : []))
  const store = softStoreOf(hsm.environment)
  const from = bound.find(({ role }) => role === 'ceremony')?.serial ?? ''
  const others = bound.filter(
    ({ role, serial }) => role !== 'ceremony' && serial !== '' && holding.includes(role),
  )
  if (store === null || from === '' || others.length === 0) return
  for (const { serial: to } of others) {
    joinSoftTokens(store, { from, to })
    copySoftObjects(store, { from, to })
  }
  // The library reads its store anew, as in joinReplicas.
  await hsm.tokens()
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

/** Tokens between which the root is cloned are of one cloning domain from the start, as the vendors' are. */
async function joinReplicas(
  plan: Plan,
  hsm: Hsm,
  bound: readonly { role: string; serial: string }[],
): Promise<void> {
  const store = softStoreOf(hsm.environment)
  const from = bound.find(({ role }) => role === 'ceremony')?.serial ?? ''
  for (const { step } of stepsOf(plan)) {
    const to = bound.find(({ role }) => role === step.token)?.serial ?? ''
    const cloned = step.do === 'replicate-root' && !isSpareStep(plan, step)
    if (cloned && store !== null && from !== '' && to !== '') joinSoftTokens(store, { from, to })
  }
  // The library reads its store anew before it is next asked, or it would go on with the master key from before.
  await hsm.tokens()
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
