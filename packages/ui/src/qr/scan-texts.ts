import type { Receiver } from '@lux/crypto/transport'
import type { Scanned } from './messages.ts'

/** The codes of one picture, given to a receiver: a good one counts more than a foreign one beside it. */
export function scanTexts(receiver: Receiver, texts: readonly string[]): Scanned {
  let best: Scanned = { state: 'nothing' }
  for (const text of texts) {
    const taken = receiver.take(text)
    if (!taken.ok) {
      if (best.state === 'nothing') best = { state: 'refused', rule: taken.rule, detail: taken.detail }
    } else if (taken.value.state === 'received') return taken.value
    else best = { state: 'progress', fresh: taken.value.state === 'new', progress: taken.value.progress }
  }
  return best
}
