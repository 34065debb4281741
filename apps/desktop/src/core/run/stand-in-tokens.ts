import type { Plan } from '@lux/ceremony'
import { utf8 } from '@lux/crypto'
import { type Hsm, rootTemplate } from '@lux/hsm'

/**
 * A throw-away token for every token that the plan takes as it is: initialised, and with a root of its own wherever the
 * plan works under one of an earlier ceremony. Gives the serial by role; '' for a token that a step initialises.
 */
export async function makeStandInTokens(
  plan: Plan,
  hsm: Hsm,
  pins: { so: string; user: string },
): Promise<{ role: string; serial: string }[]> {
  const bound: { role: string; serial: string }[] = []
  for (const { role, serial } of plan.tokens) {
    if (serial === 'new') {
      bound.push({ role, serial: '' })
      continue
    }
    const made = await hsm
      .token('new')
      .initialise({ label: `stand-in ${role}`, soPin: utf8(pins.so), userPin: utf8(pins.user) })
    if (role === 'ceremony') await makeRoots(plan, hsm, made.serial, pins.user)
    bound.push({ role, serial: made.serial })
  }
  return bound
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
