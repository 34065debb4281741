import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@lux/crypto'
import { initialisation, mayChooseSoPin, requireHardToGuess } from '@lux/hsm'
import { ExpectedError, syncFolder, withSystemErrors } from '@lux/node-files'
import { type InputOf, serialEndLength, type TokenView } from '../../../contract/index.ts'
import { atPad } from '../../runs/effects/token/pin-pad.ts'
import { mustBeUnused } from '../../use-cases/token-in-use.ts'
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
  let erasing: Parameters<typeof logged>[1] | null = null
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
  const info = erasing === null ? await make() : await logged(parts, erasing, make)
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
  const { destroyed } = await logged(parts, act, () => token.destroy({ id, class: kind }))
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

/** What destroys something on a token, and the second officer who read the end of its serial. */
type Act = {
  readonly act: 'erase-token' | 'destroy-key'
  readonly serial: string
  readonly label: string
  readonly ckaId: string | null
  readonly secondOfficer: string
}

export const tokenLog = 'token-acts.jsonl'

/**
 * Does it with a line before and one after in the store's `token-acts.jsonl`, JSON each; the first is on disk before the token is asked.
 * `outcome` is `begun`, `done` or the code of what went wrong. Errors: those of the work; before it those of the file, where nothing is
 * destroyed. What was done stays done and is told as such where the last line cannot be written: `begun` alone says so.
 */
export async function logged<T>(
  { store, clock }: ServiceContext,
  act: Act,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(store.path, tokenLog)
  const note = (outcome: string) => append(path, { at: clock.now(), ...act, outcome })
  note('begun')
  syncFolder(store.path)
  let outcome = 'done'
  try {
    return await work()
  } catch (error) {
    outcome = codeOf(error)
    throw error
  } finally {
    try {
      note(outcome)
    } catch {}
  }
}

function append(path: string, line: object): void {
  withSystemErrors(() => {
    const file = openSync(path, 'a', 0o600)
    try {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }, path)
}

function codeOf(error: unknown): string {
  if (error instanceof ExpectedError) return error.code
  return error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL'
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
