import { isOfRehearsal } from '@lux/ceremony/plan'
import { HsmError, hsmError, type Inventory, type Token, type TokenInfo } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { pinOf, type RunContext } from '../context.ts'
import { atPad } from './pin-pad.ts'

/** Whether a rehearsal made the token: by the serials that are known, or by its own label. */
export function isRehearsed(
  { serial, label }: Pick<TokenInfo, 'serial' | 'label'>,
  known: ReadonlySet<string>,
): boolean {
  return known.has(serial) || isOfRehearsal(label)
}

/**
 * Without a log-in the token shows public objects only, and everything else would seem to be missing or destroyed. Throws
 * HSM-NOT-LOGGED-IN.
 */
export function seenByUser(found: Inventory, serial: string): Inventory {
  if (found.loggedIn === 'user') return found
  throw hsmError('HSM-NOT-LOGGED-IN', `the user is not logged in to ${serial}`)
}

/** All that the user sees on a token. Throws HSM-NOT-LOGGED-IN. */
export async function inventoryAsUser(token: Token, serial: string): Promise<Inventory> {
  return seenByUser(await token.inventory(), serial)
}

/**
 * The user's log-in comes back whatever happens, because the engine goes on as the user. Errors: those of the officer's log-in
 * and of the work; the detail says so where the user's PIN was then refused as well, for that spent a try.
 */
export async function asSecurityOfficer(
  token: Token,
  role: string,
  run: Pick<RunContext, 'pins' | 'progress' | 'hsm' | 'signal'>,
  work: () => Promise<unknown>,
): Promise<void> {
  const userPin = pinOf(run, role, 'user')
  const soPin = pinOf(run, role, 'so')
  await token.logOut()
  try {
    await atPad(run, soPin, () => token.logIn({ user: 'so', pin: soPin }))
    await work()
    await token.logOut()
  } catch (error) {
    await token.logOut().catch(() => undefined)
    // A person who gave up the entry at the pad is not asked there once more.
    if (userPin === 'pin-pad') throw error
    throw await token.logIn({ user: 'user', pin: userPin }).then(
      () => error,
      (again: unknown) => withRefusal(error, again),
    )
  }
  await atPad(run, userPin, () => token.logIn({ user: 'user', pin: userPin }))
}

function withRefusal(error: unknown, again: unknown): unknown {
  if (!(again instanceof HsmError) || !again.code.startsWith('HSM-PIN')) return error
  const told = (detail: string) =>
    `${detail}; the user’s own log-in after it failed too: ${again.code}: ${again.detail}`
  if (error instanceof ExpectedError) return new ExpectedError(error.code, told(error.detail))
  if (!(error instanceof HsmError)) return error
  const { code, ckr, detail, remedy } = error
  return new HsmError({ code, ckr, detail: told(detail), remedy })
}
