import { utf8 } from '@lux/crypto'
import { initialisation, mayChooseSoPin, requireHardToGuess } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { type InputOf, serialEndLength, type TokenView } from '../../../contract/index.ts'
import { atPad } from '../../runs/effects/token/pin-pad.ts'
import { mustBeUnused } from '../../use-cases/token-in-use.ts'
import { logged, type TokenAct } from '../../use-cases/token-log.ts'
import { readableRuns } from '../shared/readable-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { found, padOf, viewOf } from './tokens.ts'

export async function initialiseToken(
  parts: ServiceContext,
  asked: InputOf<'tokens.initialise'>,
): Promise<{ token: TokenView }> {
  if ((asked.slot === null) === (asked.serial === ''))
    throw new ExpectedError('INPUT-INVALID', 'slot or serial: one of them names the token')
  if (asked.pins !== null) requireHardToGuess(utf8(asked.pins.user))
  const there = asked.serial === '' ? null : await found(parts, asked.serial)
  if (asked.pins !== null && (there === null || mayChooseSoPin(there)))
    requireHardToGuess(utf8(asked.pins.so))
  let erasing: TokenAct | null = null
  if (there !== null) {
    mustBeUnused(runsIn(parts), { serial: asked.serial, ckaId: null })
    // Nothing is erased of one that is only finished.
    if (initialisation(there) !== 'finish') {
      const { label } = there
      mustBeTyped(asked.typedLabel, label)
      const { name } = mustBeSeconded(asked.serial, asked.second)
      erasing = { act: 'erase-token', serial: asked.serial, label, ckaId: null, secondOfficer: name }
    }
  }
  const token = parts.hsm().token(asked.serial === '' ? 'new' : asked.serial)
  const { pins } = asked
  const given = {
    label: asked.label,
    acceptFinalTry: asked.acceptFinalTry === true,
    ...(asked.slot === null ? {} : { slot: asked.slot }),
  }
  const make = () =>
    atPad(padOf(parts, asked.serial), pins === null ? 'pin-pad' : utf8(''), () =>
      pins === null
        ? token.initialise({ ...given, soPin: 'pin-pad', userPin: 'pin-pad' })
        : token.initialise({ ...given, soPin: utf8(pins.so), userPin: utf8(pins.user) }),
    )
  const info = erasing === null ? await make() : await logged(parts.store.path, parts.clock, erasing, make)
  parts.emit('tokens.changed', {})
  return { token: viewOf(parts, info) }
}

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
  mustBeUnused(runsIn(parts), { serial: of, ckaId: id })
  const act = {
    act: 'destroy-key',
    serial: of,
    label: asked.typedLabel,
    ckaId: id,
    secondOfficer: name,
  } as const
  const { destroyed } = await logged(parts.store.path, parts.clock, act, () =>
    token.destroy({ id, class: kind }),
  )
  parts.emit('tokens.changed', {})
  return { destroyed }
}

/** What stands on the thing itself has to be typed, so that the wrong one is not destroyed by a click. */
export function mustBeTyped(typed: string, wanted: string): void {
  if (typed === wanted) return
  throw new ExpectedError('TOKEN-LABEL-MISMATCH', 'the typed label is another one')
}

/** Two people destroy what is on a token: the second reads its serial from the token and not from the screen. */
export function mustBeSeconded(
  serial: string,
  second: InputOf<'tokens.initialise'>['second'],
): { readonly name: string } {
  if (second?.serialEnd.toLowerCase() === serial.slice(-serialEndLength).toLowerCase()) return second
  throw new ExpectedError('TOKEN-SECOND-OFFICER', 'no second officer has read the end of the serial')
}

/** Looks at every run of the store, loaded or not. */
function runsIn(parts: ServiceContext): Parameters<typeof mustBeUnused>[0] {
  const { open, unreadable } = readableRuns(parts)
  const [lost] = unreadable
  const folder = parts.store.runs().find(({ id }) => id === lost?.id)?.folder ?? lost?.id ?? ''
  return {
    states: open.map(({ run }) => run.folder.state),
    lost: lost === undefined ? null : { folder, ...lost.failure },
  }
}
