import type { PinNeed } from '@lux/ceremony'
import type { TokenInfo } from '@lux/hsm'
import type * as contract from '../../../contract/index.ts'
import type { Run } from '../../runs/run/run.ts'
import { pinStateOf } from '../tokens/token-view.ts'

/** A PIN that a step waits for: typed in the window, or entered at the token's own pad after Proceed. */
export function pinNeed(
  run: Run,
  need: PinNeed,
  { tokens, padMs }: { tokens: readonly TokenInfo[]; padMs: number },
): contract.Need {
  const { token, serial, user } = need
  // A free slot has no serial either: the new token is called as the plan calls it.
  const info = serial === '' ? undefined : tokens.find((one) => one.serial === serial)
  const planned = run.folder.plan.tokens.find(({ role }) => role === token)
  const state = info === undefined ? undefined : user === 'so' ? info.pin.so : info.pin.user
  return {
    need: 'pin',
    token: serial === '' ? token : serial,
    role: token,
    label: info?.label ?? planned?.label ?? '',
    user,
    pin: pinStateOf(serial === '' ? 'not-set' : (state ?? 'ok')),
    padSeconds: isAskedAtPad(run, need, tokens) ? Math.round(padMs / 1000) : null,
    taken: run.hasPin(token, user),
  }
}

/** As the plan says; a rehearsal's stand-in without a pad has its PIN typed. A new token is still a free slot. */
export function isAskedAtPad(
  run: Run,
  { serial, pad }: Pick<PinNeed, 'serial' | 'pad'>,
  tokens: readonly TokenInfo[],
): boolean {
  if (!pad || run.folder.state.domain === 'production') return pad
  return tokens.some((one) => (serial === '' ? !one.initialised : one.serial === serial) && one.pinPad)
}
