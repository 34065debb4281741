import type { EffectKind, EffectOf, Results } from '@lux/ceremony'
import type { PolicyFile } from '@lux/ceremony/policy'
import type { Entropy } from '@lux/crypto'
import type { Hsm, Token } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import type { Measurement } from '../../measure.ts'
import type { Clock } from '../../system.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import type { GivenPin, PinBox } from './token/pin-box.ts'

/** Where the throw-away key child's program lies, and the Node that runs it. */
export type KeyChildProgram = { execPath: string; entry: string }

/** Where one server's bundles stand: the next sequence, the last one it receipted, and what was never receipted. */
export type Lineage = { sequence: string; previous: string | null; supersedes: string[] }

export const firstOfLine: Lineage = { sequence: '1', previous: null, supersedes: [] }

/** All that an effect may touch. */
export type RunContext = {
  readonly folder: RunFolder
  readonly hsm: Hsm
  readonly pins: PinBox
  readonly entropy: Entropy
  readonly clock: Clock
  readonly policy: PolicyFile
  readonly measurement: Measurement
  readonly keyChild: KeyChildProgram
  /** Asked once for each server, when the bundle is built. */
  readonly lineage: (audience: string) => Lineage
  /** Identifiers of SLIP-39 that backups of other runs have, as far as they are known here. */
  readonly identifiers: () => ReadonlySet<number>
  /** Serials of tokens that a rehearsal made, as far as they are known here. */
  readonly rehearsed: () => ReadonlySet<string>
  /** Folder that Export writes to. */
  readonly medium: () => string
  /** Aborted by Cancel. */
  readonly signal: AbortSignal
  /** `fraction` 0 to 1, null where nobody can tell. */
  readonly progress: (what: string, fraction: number | null) => void
}

/** Does one effect. Throws HsmError or ExpectedError; anything else is a bug. */
export type Perform<K extends EffectKind> = (effect: EffectOf<K>, run: RunContext) => Promise<Results[K]>

/** What the session on the token cannot survive: the run pauses, looks at the token, and goes on from there. */
export const sessionLost: ReadonlySet<string> = new Set([
  'HSM-CRASHED',
  'HSM-LIBRARY-CRASHED',
  'HSM-LIBRARY-FAILED',
  'HSM-LIBRARY-INVALID',
  'HSM-LIBRARY-MISSING',
  'HSM-LIBRARY-TIMEOUT',
  'HSM-TIMEOUT',
  'HSM-BROKEN',
  'HSM-CLOSED',
  'HSM-HOST-FAILED',
  'HSM-NOT-LOGGED-IN',
  'HSM-SESSION-LOST',
  'HSM-WINDOW-LOST',
  'HSM-TOKEN-ABSENT',
])

/** The token of an effect; '' is a token that has yet to be initialised. */
export function tokenOf(run: RunContext, serial: string): Token {
  return run.hsm.token(serial === '' ? 'new' : serial)
}

/** The PIN that a person typed for this attempt. Refuses PIN-MISSING. */
export function pinOf(run: Pick<RunContext, 'pins'>, token: string, user: 'user' | 'so'): GivenPin {
  const pin = run.pins.take(token, user)
  if (pin === null) {
    throw new ExpectedError(
      'PIN-MISSING',
      `no ${user === 'so' ? 'security officer' : 'user'} PIN was typed for token ${token}`,
    )
  }
  return pin
}
