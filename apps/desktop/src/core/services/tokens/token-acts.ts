import { utf8 } from '@lux/crypto'
import { requireHardToGuess } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import type { InputOf, TokenView } from '../../../contract/index.ts'
import { atPad } from '../../runs/effects/token/pin-pad.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { mustBeSeconded, mustBeTyped } from './guards.ts'
import { mustBeNoCeremonys } from './not-in-use.ts'
import { logged } from './token-log.ts'
import { found, padOf, viewOf } from './tokens.ts'

export async function changePin(
  parts: ServiceContext,
  asked: InputOf<'tokens.changePin'>,
): Promise<{ token: TokenView }> {
  const { user, pins } = asked
  if (pins !== null) requireHardToGuess(utf8(pins.new))
  await found(parts, asked.serial)
  const token = parts.hsm().token(asked.serial)
  if (pins === null)
    await atPad(padOf(parts, asked.serial), 'pin-pad', () => token.changePin({ user, pinPad: true }))
  else await token.changePin({ user, oldPin: utf8(pins.old), newPin: utf8(pins.new) })
  return changed(parts, asked.serial)
}

export async function resetUserPin(
  parts: ServiceContext,
  asked: InputOf<'tokens.resetUserPin'>,
): Promise<{ token: TokenView }> {
  if (asked.newPin !== null) requireHardToGuess(utf8(asked.newPin))
  mustBeTyped(asked.typedLabel, (await found(parts, asked.serial)).label)
  const token = parts.hsm().token(asked.serial)
  if (asked.newPin === null)
    await atPad(padOf(parts, asked.serial), 'pin-pad', () => token.resetUserPin({ pinPad: true }))
  else await token.resetUserPin({ newPin: utf8(asked.newPin) })
  return changed(parts, asked.serial)
}

async function changed(parts: ServiceContext, of: string): Promise<{ token: TokenView }> {
  parts.emit('tokens.changed', {})
  return { token: viewOf(parts, await found(parts, of)) }
}

const classes = { 'secret-key': 'secret', 'private-key': 'private', 'public-key': 'public' } as const

export async function destroyObject(
  parts: ServiceContext,
  asked: InputOf<'tokens.destroyObject'>,
): Promise<{ destroyed: number }> {
  const { id, serial: of } = asked
  await found(parts, of)
  const token = parts.hsm().token(of)
  const kind = classes[asked.class]
  const { objects } = await token.inventory()
  const named = objects.filter((object) => object.id === id && object.class === kind)
  if (named.length > 1)
    throw new ExpectedError(
      'HSM-DUPLICATE-ID',
      `${named.length} keys carry ${id}: ${named.map((one) => JSON.stringify(one.label)).join(', ')}; none was destroyed`,
    )
  mustBeTyped(asked.typedLabel, named[0]?.label || id)
  const { name } = mustBeSeconded(of, asked.second)
  mustBeNoCeremonys(parts, of, id)
  const act = {
    act: 'destroy-key',
    serial: of,
    label: asked.typedLabel,
    ckaId: id,
    secondOfficer: name,
  } as const
  const { destroyed } = await logged(parts, act, () => token.destroy({ id, class: kind }))
  parts.emit('tokens.changed', {})
  return { destroyed }
}
