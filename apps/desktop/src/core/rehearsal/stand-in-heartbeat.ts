import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { heartbeatCodec } from '@lux/ceremony/wire'
import { ExpectedError, readBounded } from '@lux/node-files'
import { stateHeld } from '@lux/people'
import type { Run } from '../runs/run/run.ts'
import { accepted } from './accepted.ts'
import { submission } from './stand-in-run.ts'
import { withShareOf } from './stand-in-share.ts'
import type { StandIn } from './stand-ins.ts'

const maxOpening = 1 << 20

/** A stand-in holder states over the challenge of the run that the share is still held. */
export async function heartbeatAsStandIn(run: Run, standIn: StandIn, now: string): Promise<Refusal | null> {
  const { folder } = run
  const { domain, ceremonyId, epoch, heartbeat } = folder.state
  if (epoch === null || heartbeat === null) throw new ExpectedError('STAND-IN-ONLY', 'no holder is asked')
  return withShareOf(folder, standIn, epoch, (opened) => {
    const opening = readBounded(join(folder.path, 'opening.json'), maxOpening)
    const { keyId, epochId } = epoch
    const request = { domain, ceremonyId, keyId, epochId, challenge: heartbeat.challenge }
    const stated = accepted(
      stateHeld(opened, { request, policy: folder.policy, previous: null, opening, now }),
    )
    return run.submit({ ...submission(heartbeatCodec, stated.sign()), what: 'heartbeat' })
  })
}
