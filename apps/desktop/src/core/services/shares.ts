import { ExpectedError } from '@lux/node-files'
import type { InputOf, ShareView } from '../../contract/index.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { ShareWayRow } from '../store/store.ts'
import { readableRuns } from './shared/readable-runs.ts'
import type { ServiceContext } from './shared/service-context.ts'

/** Every holder of every key that ceremonies of this store deal, and how far each share has come. */
export function listShares(parts: ServiceContext): { shares: ShareView[] } {
  const ways = parts.store.shareWays()
  const { open } = readableRuns(parts)
  return { shares: open.flatMap(({ run }) => sharesOf(run.folder, ways)) }
}

/** Errors: CEREMONY-UNKNOWN, SHARE-NOT-SENT. */
export function shareReceived(
  parts: ServiceContext,
  asked: InputOf<'shares.received'>,
): { shares: ShareView[] } {
  const { run } = parts.runs.get(asked.id)
  const share = sharesOf(run.folder, parts.store.shareWays()).find(
    (one) => one.epoch === asked.epoch && one.name === asked.holder,
  )
  if (share === undefined || share.sent === null)
    throw new ExpectedError('SHARE-NOT-SENT', `nothing was sent to ${asked.holder} from this window`)
  const { ceremony, epoch, name: holder } = share
  parts.store.noteShareWay({ ceremony, epoch, holder, what: 'received', by: 'word', at: parts.clock.now() })
  return listShares(parts)
}

/** Notes that what these holders receive, who are asked to prove it, has left the window. */
export function noteSent(
  { store, clock }: Pick<ServiceContext, 'store' | 'clock'>,
  { state }: RunFolder,
  { holders, by }: { holders: readonly string[]; by: 'codes' | 'files' },
): void {
  const epoch = state.reshare?.next?.epoch ?? 0
  for (const holder of holders)
    store.noteShareWay({ ceremony: state.ceremonyId, epoch, holder, what: 'sent', by, at: clock.now() })
}

type Dealt = { name: string; index: number; epoch: number; dealt: boolean; proved: boolean }

function sharesOf({ state, plan }: RunFolder, ways: readonly ShareWayRow[]): ShareView[] {
  const { ceremonyId: ceremony, domain } = state
  return dealtBy({ state, plan }).map(({ name: holder, index, epoch, dealt, proved }) => {
    const way = (what: ShareWayRow['what']) =>
      ways.find(
        (one) =>
          one.ceremony === ceremony && one.epoch === epoch && one.holder === holder && one.what === what,
      )
    const [left, came] = [way('sent'), way('received')]
    // What a share is proved by was made of what the holder received, however it came.
    const reached = proved ? 'proved' : came ? 'received' : left ? 'sent' : dealt ? 'dealt' : 'enrolled'
    return {
      ceremony,
      title: plan.title,
      domain,
      key: plan.fhe?.id ?? '',
      epoch,
      index,
      name: holder,
      state: reached,
      sent: left === undefined ? null : { at: left.at, by: left.by === 'codes' ? 'codes' : 'files' },
      received: came === undefined ? null : { at: came.at },
    }
  })
}

/** Shares that this ceremony deals: of a new key, and of the next epoch of one. */
function dealtBy({ state, plan }: Pick<RunFolder, 'state' | 'plan'>): Dealt[] {
  const { fhe, reshare } = state
  const first = plan.fhe === undefined || plan.fhe.existing !== undefined ? [] : plan.fhe.holders
  const next = plan.reshare?.holders ?? []
  const before = reshare?.old.epoch ?? plan.fhe?.existing?.epoch ?? 0
  return [
    ...first.map((name, at) => ({
      name,
      index: at + 1,
      epoch: 0,
      dealt: fhe !== null,
      proved: fhe?.acknowledged.includes(name) === true,
    })),
    ...next.map((name, at) => ({
      name,
      index: at + 1,
      epoch: before + 1,
      dealt: (reshare?.next ?? null) !== null,
      proved: (reshare?.acknowledgements[at] ?? null) !== null,
    })),
  ]
}
