import type { InputOf } from '../../contract/index.ts'
import { presentTokens } from './shared/absent-hsm.ts'
import type { ServiceContext } from './shared/service-context.ts'

/**
 * Nobody is at the window: every token is logged out but those that a ceremony's machine works on this moment, and a run
 * that one of them was open for pauses. PINs that were typed and not yet used are forgotten.
 */
export async function lockWindow(
  parts: ServiceContext,
  input: InputOf<'app.lock'>,
): Promise<{ loggedOut: string[] }> {
  input
  const runs = [...parts.runs.all()].map(([, { run }]) => run)
  const busy = new Set(
    runs
      .filter(({ work }) => work !== null)
      .flatMap(({ folder }) => folder.state.tokens.map(({ serial }) => serial)),
  )
  const { tokens } = await presentTokens(parts)
  const loggedOut = tokens
    .filter(({ loggedIn, serial }) => loggedIn !== null && !busy.has(serial))
    .map(({ serial }) => serial)
  for (const serial of loggedOut) await parts.hsm().token(serial).logOut()
  for (const run of runs) {
    run.forgetPins()
    run.sessionsEnded(loggedOut, 'logged out when the window was locked')
  }
  if (loggedOut.length > 0) parts.emit('tokens.changed', {})
  return { loggedOut }
}
