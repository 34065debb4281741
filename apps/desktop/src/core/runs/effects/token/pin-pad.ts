import type { Hsm } from '@lux/hsm'
import type { GivenPin } from './pin-box.ts'

/** How often people are shown how much of the pad's time is gone. */
const everyMs = 1000

type Around = {
  hsm: Pick<Hsm, 'padDeadlineMs' | 'cancelPadEntry'>
  progress: (what: string, fraction: number) => void
  signal?: AbortSignal
}

/** While a person enters a PIN at the token's own pad: says how much of the time is gone, and Cancel gives the entry up. */
export async function atPad<T>(
  { hsm, progress, signal }: Around,
  pin: GivenPin,
  work: () => Promise<T>,
): Promise<T> {
  if (pin !== 'pin-pad') return work()
  const begun = performance.now()
  const tell = () => progress('pin-pad', Math.min(1, (performance.now() - begun) / hsm.padDeadlineMs))
  const timer = setInterval(tell, everyMs)
  const giveUp = () => void hsm.cancelPadEntry()
  signal?.addEventListener('abort', giveUp, { once: true })
  tell()
  try {
    return await work()
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}
