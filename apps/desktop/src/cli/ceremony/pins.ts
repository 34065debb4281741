import type { PinNeed } from '@lux/ceremony'
import { Secret, wipe } from '@lux/crypto'
import type { GivenPin } from '../../core/runs/effects/token/pin-box.ts'
import type { AskPin } from '../../core/use-cases/drive-production.ts'
import type { WantedPin } from '../../core/use-cases/resume.ts'
import { readSecret, type SecretSource } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { newPin } from '../token/new-pin.ts'
import { sayPad } from '../token/pin-pad.ts'
import type { RunToken } from './settings.ts'

export type RunPinOptions = { pinFd?: string; pinFile?: string; soPinFd?: string; soPinFile?: string }

/**
 * A PIN that the plan has entered at the token's own pad is asked there alone. Else from the sources that people named:
 * pin-source of the token's URI, else the options (for the token of the role `ceremony`), else the terminal. Null where
 * there is no terminal either. A descriptor is read once, and its PIN lent for every log-in of the command.
 */
export function pinSource(tokens: readonly RunToken[], options: RunPinOptions): AskPin {
  const read = new Map<string, Secret>()
  /** A pipe gives its line once, and one command may log in more than once with it. */
  const fromSource = async (
    prompt: string,
    user: PinNeed['user'],
    source: SecretSource,
  ): Promise<Uint8Array> => {
    if (source.fd === undefined) return readSecret(prompt, source)
    const kept = read.get(user) ?? Secret.take(await readSecret(prompt, source))
    read.set(user, kept)
    return kept.use((bytes) => bytes.slice())
  }
  return async (need, fresh) => {
    const source = sourceOf(tokens, options, need)
    const who = need.user === 'so' ? 'SO PIN' : 'user PIN'
    const prompt = `${who} of the token ${need.token}${need.serial === '' ? '' : ` (${need.serial})`}`
    if (need.pad) {
      sayPad(prompt)
      return 'pin-pad'
    }
    if (source !== null) return fromSource(prompt, need.user, source)
    try {
      return await (fresh ? newPin(`New ${prompt}`, {}) : readSecret(prompt, {}))
    } catch (error) {
      if (error instanceof WrongUse && error.code === 'SECRET-NO-TERMINAL') return null
      throw error
    }
  }
}

function sourceOf(tokens: readonly RunToken[], options: RunPinOptions, need: PinNeed): SecretSource | null {
  const token = tokens.find(({ role }) => role === need.token)
  const file = need.user === 'so' ? token?.so?.pinFile : token?.user.pinFile
  if (file !== null && file !== undefined) return { file }
  if (need.token !== 'ceremony') return null
  const [fd, path] =
    need.user === 'so' ? [options.soPinFd, options.soPinFile] : [options.pinFd, options.pinFile]
  if (fd === undefined && path === undefined) return null
  return { ...(fd === undefined ? {} : { fd }), ...(path === undefined ? {} : { file: path }) }
}

/**
 * Asks for PINs before the run is touched, so that one that nobody gives leaves no trace in its log. Null where one is
 * missing; else what gives each of them out once and asks for all others when they are needed.
 */
export async function askFirst(
  wanted: readonly WantedPin[],
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
