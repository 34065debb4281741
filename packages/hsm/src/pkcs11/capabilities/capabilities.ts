import type { Capability, CapabilityTrial } from '../../device.ts'
import { HsmError } from '../../device.ts'
import { isFault, isGone } from '../library/errors.ts'
import type { TokenSession } from '../session/session.ts'
import { cipherTrials } from './ciphers.ts'
import { keyTrials } from './keys.ts'
import { NotTried, scratchPairs, type Trial, Wrong } from './trial.ts'
import { wrapTrials } from './wraps.ts'

/**
 * Tries everything on scratch keys, which are destroyed, and checks each result with Node's cryptography. A mechanism list shows only what
 * a vendor meant.
 */
export async function capabilities(
  token: TokenSession,
  { only, sessionOnly }: { only?: CapabilityTrial; sessionOnly?: boolean } = {},
): Promise<Capability[]> {
  token.requireUser()
  const found: Capability[] = []
  for (const trial of everyTrial(token, sessionOnly === true))
    if (only === undefined || (trial.group === only.group && trial.name === only.name))
      found.push(await judge(trial))
  if (found.length === 0) throw new RangeError(`only: no trial ${only?.group} ${only?.name}`)
  return found
}

export const trials = (token: TokenSession): CapabilityTrial[] =>
  everyTrial(token, true).map(({ group, name }) => ({ group, name }))

function everyTrial(token: TokenSession, sessionOnly: boolean): Trial[] {
  const pairs = scratchPairs(token, sessionOnly)
  return orderly([...keyTrials(token, pairs), ...cipherTrials(token, pairs), ...wrapTrials(token)])
}

/** P-521 last: a token that fails with it (tpm2-pkcs11) can fail with everything after it. */
const orderly = (all: readonly Trial[]): Trial[] => [
  ...all.filter(({ name }) => !name.includes('p-521')),
  ...all.filter(({ name }) => name.includes('p-521')),
]

async function judge({ group, name, mechanism, run }: Trial): Promise<Capability> {
  const said = (state: Capability['state'], detail: string): Capability => ({
    group,
    name,
    mechanism,
    state,
    detail,
  })
  try {
    return said('proved', await run())
  } catch (error) {
    if (error instanceof Wrong) return said('wrong', error.message)
    if (error instanceof NotTried) return said('untried', error.message)
    if (!(error instanceof HsmError)) throw error
    // A token that is gone shows no lack: a list of what it cannot do would be invented.
    if (isGone(error)) throw error
    if (error.code === 'HSM-ATTRIBUTE-MISMATCH') return said('wrong', error.detail)
    const state = isFault(error) ? 'untried' : 'unsupported'
    return said(state, error.ckr ? `${error.detail} (${error.ckr.name})` : error.detail)
  }
}
