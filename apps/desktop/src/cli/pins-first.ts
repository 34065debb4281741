import type { PinNeed, RunView } from '@lux/ceremony'
import { isAtPad } from '@lux/ceremony/plan'
import { wipe } from '@lux/crypto'
import type { GivenPin } from '../core/runs/effects/pin-box.ts'
import type { RunFolder } from '../core/runs/folder/run-folder.ts'
import type { AskPin } from '../core/use-cases/drive-production.ts'

/** The PINs that taking a run up again asks before anything else: of each token in use, and of the step itself. */
export function pinsAtOnce(folder: RunFolder, { needs }: RunView): { need: PinNeed; fresh: boolean }[] {
  // An exception is decided first, and that needs no token.
  if (needs?.kind === 'exception' || (needs?.kind === 'signatures' && needs.what === 'exception')) return []
  const again = folder.state.tokens
    .filter(({ wanted }) => wanted)
    .map(({ role, serial }) => ({
      need: { token: role, serial, user: 'user' as const, pad: isAtPad(folder.plan, role) },
      fresh: false,
    }))
  if (needs?.kind !== 'pin') return again
  return [...again, ...needs.pins.map((need) => ({ need, fresh: needs.willDo === 'initialise-token' }))]
}

/**
 * Asks for PINs before the run is touched, so that one that nobody gives leaves no trace in its log. Null where one is
 * missing; else what gives each of them out once and asks for all others when they are needed.
 */
export async function askFirst(
  wanted: readonly { need: PinNeed; fresh: boolean }[],
  askPin: AskPin,
): Promise<{ askPin: AskPin; wipe: () => void } | null> {
  const held: { token: string; user: 'so' | 'user'; pin: GivenPin }[] = []
  const forget = () => {
    for (const { pin } of held.splice(0)) if (pin !== 'pin-pad') wipe(pin)
  }
  try {
    for (const { need, fresh } of wanted) {
      // Somebody goes to the pad when it asks.
      if (need.pad) continue
      const pin = await askPin(need, fresh)
      if (pin === null) {
        forget()
        return null
      }
      held.push({ token: need.token, user: need.user, pin })
    }
  } catch (error) {
    forget()
    throw error
  }
  return {
    askPin: async (need, fresh) => {
      const at = held.findIndex(({ token, user }) => token === need.token && user === need.user)
      return held.splice(at < 0 ? held.length : at, 1)[0]?.pin ?? askPin(need, fresh)
    },
    wipe: forget,
  }
}
