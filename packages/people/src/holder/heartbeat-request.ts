import type { Heartbeat } from '@lux/ceremony/wire'
import { parseCanonical } from '@lux/crypto'
import { members } from '../json-members.ts'
import { checked, no, type Outcome } from '../outcome.ts'
import { type Told, told } from '../told.ts'
import { blocksLeft, budgetLine } from './budgets.ts'
import type { OpenedShare } from './share-file.ts'

export const maxHeartbeatRequest = 32_768

/** What a run asks: about which key and epoch, over which challenge. It is unsigned; the opening beside it says whose run it is. */
export type HeartbeatRequest = Pick<Heartbeat, 'domain' | 'ceremonyId' | 'keyId' | 'epochId' | 'challenge'>

/** Refuses HEARTBEAT-REQUEST for anything but such a file of out/. */
export function readHeartbeatRequest(bytes: Uint8Array): Outcome<HeartbeatRequest> {
  return checked(() => {
    const asked = members(parseCanonical(bytes, { maxBytes: maxHeartbeatRequest }))
    const { kind, domain, ceremonyId, keyId, epochId, challenge } = asked
    const other = (): never => no('HEARTBEAT-REQUEST', 'it asks for no heartbeat', 'request')
    if (kind !== 'heartbeat-request' || (domain !== 'production' && domain !== 'rehearsal')) return other()
    const hex = (value: unknown, length: number): string =>
      typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]+$/.test(value) ? value : other()
    return {
      domain,
      ceremonyId: hex(ceremonyId, 16),
      keyId: hex(keyId, 32),
      epochId: hex(epochId, 32),
      challenge: hex(challenge, 32),
    }
  }, 'request')
}

/** What a holder reads before stating that the share is held. Raw text: whoever shows it makes it safe. */
export function heartbeatLines(
  { envelope, before }: OpenedShare,
  request: HeartbeatRequest,
): readonly Told[] {
  const { holder, epoch } = envelope.share.header
  const { ceremonyId: ceremony, challenge } = request
  return [
    told(
      'heartbeat',
      `state to the ceremony ${ceremony} that you still hold share ${holder} of epoch ${epoch}`,
      { ceremony, holder, epoch },
    ),
    told('challenge', `challenge ${challenge}`, { challenge }),
    budgetLine(blocksLeft(envelope, before.spent)),
  ]
}
