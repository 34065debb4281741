import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { custodianAcknowledgementCodec, custodianStatementCodec } from '@lux/ceremony/wire'
import { ExpectedError, readBounded } from '@lux/node-files'
import {
  checkShareRequest,
  giveShare,
  openCustodianShare,
  proveCustodianShare,
  stateShare,
  trustedPolicy,
} from '@lux/people'
import { custodianFile, releaseFile, shareRequestFile } from '../runs/folder/places.ts'
import type { Run } from '../runs/run/run.ts'
import { accepted } from './accepted.ts'
import { wordsOfStandIn } from './stand-in-backup.ts'
import { submission } from './stand-in-run.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 1 << 20

/** A stand-in custodian opens the envelope, reads the words back and proves the share. */
export async function custodianAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const share = folder.state.backups.flatMap(({ shares }) => shares).find(({ name }) => name === standIn.name)
  if (share === undefined) throw new ExpectedError('STAND-IN-ONLY', `${standIn.name} holds no share here`)
  const at = (name: string) => readBounded(join(folder.path, name), maxFile)
  const file = custodianFile(share.index)
  const opened = accepted(
    await openCustodianShare(
      {
        policy: accepted(trustedPolicy(at('policy.json'))),
        opening: at('opening.json'),
        envelope: at(`${file}.age`),
        signature: at(`${file}.sig`),
      },
      standIn,
    ),
  )
  const { acknowledgement } = accepted(proveCustodianShare(opened, opened.words, standIn))
  const signed = submission(custodianAcknowledgementCodec, acknowledgement)
  return run.submit({ ...signed, what: 'custodian-acknowledgement' })
}

/** A stand-in custodian states the words of the share that an earlier ceremony is said to have dealt. */
export async function stateShareAsStandIn(run: Run, standIn: StandIn, now: string): Promise<Refusal | null> {
  const { folder } = run
  const { domain, ceremonyId, plan, recovery } = folder.state
  const at = plan.recovery?.custodians.indexOf(standIn.name) ?? -1
  if (plan.recovery === undefined || recovery === null || at < 0)
    throw new ExpectedError('STAND-IN-ONLY', `${standIn.name} holds no share here`)
  const { key, set, identifier, t, shares } = recovery.backup
  const of = { domain, ceremonyId, use: 'check' as const, key, set, identifier, t }
  const request = { ...of, index: at + 1, name: standIn.name, share: shares[at] ?? '' }
  const opening = readBounded(join(folder.path, 'opening.json'), maxFile)
  const words = await wordsOfStandIn(folder, standIn, at + 1)
  const stated = accepted(stateShare(request, { policy: folder.policy.policy, opening, words, now }, standIn))
  return run.submit({ ...submission(custodianStatementCodec, stated.statement), what: 'custodian-statement' })
}

/** A stand-in custodian gives the share to what the ceremony key asks for. */
export async function giveShareAsStandIn(run: Run, standIn: StandIn, now: string): Promise<Refusal | null> {
  const { folder } = run
  const files = {
    policy: folder.policy.policy,
    opening: readBounded(join(folder.path, 'opening.json'), maxFile),
  }
  const asked = readBounded(join(folder.path, shareRequestFile), maxFile)
  const request = accepted(checkShareRequest(asked, files))
  const words = await wordsOfStandIn(folder, standIn, request.custodians.indexOf(standIn.name) + 1)
  const { said, statement, release } = accepted(await giveShare(request, { words, now }, standIn))
  run.keep(join(folder.path, releaseFile(said.index)), release)
  return run.submit({ ...submission(custodianStatementCodec, statement), what: 'custodian-statement' })
}
