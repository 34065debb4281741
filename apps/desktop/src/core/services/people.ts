import { holderBefore } from '@lux/ceremony/plan'
import { type Card, cardCodec, checkRenewalSignature } from '@lux/ceremony/wire'
import { ExpectedError, readBounded } from '@lux/node-files'
import { wordsOf } from '@lux/people'
import { enrolledKinds, type HolderView, type InputOf, type ShareView } from '../../contract/index.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { HolderRow, ShareWayRow } from '../store/store.ts'
import { readableRuns } from './shared/readable-runs.ts'
import { scannedBytes } from './shared/scanned.ts'
import type { ServiceContext } from './shared/service-context.ts'

const maxCard = 65_536

export function listHolders(parts: ServiceContext): { holders: HolderView[] } {
  return { holders: parts.store.holders().flatMap((row) => viewOf(parts, row)) }
}

export function enrolHolder(parts: ServiceContext, asked: InputOf<'holders.enrol'>): { holder: HolderView } {
  return enrol(parts, readBounded(parts.paths.read(asked.path), maxCard))
}

/** A card that the window scanned. */
export function enrolCarried(
  parts: ServiceContext,
  { payload }: InputOf<'holders.enrolCarried'>,
): { holder: HolderView } {
  const bytes = scannedBytes(payload)
  if (bytes.length > maxCard) throw new ExpectedError('FILE-TOO-LARGE', `${bytes.length} bytes`)
  return enrol(parts, bytes)
}

function enrol(parts: ServiceContext, bytes: Uint8Array): { holder: HolderView } {
  const card = cardCodec.parse(bytes)
  if (!card.ok) {
    throw new ExpectedError('FILE-WRONG-KIND', `${card.rule}: ${card.detail}`)
  }
  const kind = enrolledKinds.find((one) => one === card.value.kind)
  if (kind === undefined) throw new ExpectedError('FILE-WRONG-KIND', `it is the card for: ${card.value.kind}`)
  const signed = checkRenewalSignature(card.value)
  if (!signed.ok) throw new ExpectedError('FILE-WRONG-KIND', `${signed.rule}: ${signed.detail}`)
  const row: HolderRow = { card: cardCodec.digest(card.value), jcs: bytes, enrolled: parts.clock.now() }
  const twin = parts.store
    .holders()
    .find((other) => sharesKey(card.value, other) && !isRenewal(card.value, other))
  if (twin !== undefined || !parts.store.addHolder(row)) {
    throw new ExpectedError(
      'HOLDER-DUPLICATE',
      `${card.value.name} is enrolled already, or another holder has these keys`,
    )
  }
  const [holder] = viewOf(parts, row)
  if (holder === undefined) throw new Error('the card was parsed above')
  return { holder }
}

/** A person's card of the register, to take part in a rehearsal. Errors: REHEARSAL-OWN-DEVICES. */
export function enrolledCard({ store }: ServiceContext, id: string): Card {
  const row = store.holders().find(({ card }) => card === id)
  const card = row === undefined ? null : cardCodec.parse(new Uint8Array(row.jcs))
  if (!card?.ok) throw new ExpectedError('REHEARSAL-OWN-DEVICES', 'nobody is enrolled with this card')
  if (card.value.domain !== 'rehearsal')
    throw new ExpectedError(
      'REHEARSAL-OWN-DEVICES',
      `the card of ${card.value.name} is of ${card.value.domain}`,
    )
  return card.value
}

function sharesKey(card: Card, row: HolderRow): boolean {
  const other = cardCodec.parse(new Uint8Array(row.jcs))
  if (!other.ok) return false
  const keys = new Set(Object.values(other.value.keys))
  return (
    Object.values(card.keys).some((key) => keys.has(key)) ||
    (card.recipient !== undefined && other.value.recipient === card.recipient)
  )
}

/** One holder has a card for each epoch: the same name and keys, another envelope key, the later one signed by those keys. */
function isRenewal(card: Card, row: HolderRow): boolean {
  const other = cardCodec.parse(new Uint8Array(row.jcs))
  if (!other.ok || card.name !== other.value.name || card.recipient === other.value.recipient) return false
  return card.renews !== undefined || other.value.renews !== undefined
}

function viewOf({ runs }: ServiceContext, row: HolderRow): HolderView[] {
  const card = cardCodec.parse(new Uint8Array(row.jcs))
  const kind = card.ok ? enrolledKinds.find((one) => one === card.value.kind) : undefined
  if (!card.ok || kind === undefined) return []
  const shares = [...runs.all()].filter(([, { run }]) => {
    const { seats, fhe } = run.folder.state
    const seat = seats.find((one) => one.role === 'holder' && one.card === row.card)
    return (
      seat !== undefined &&
      seat === holderBefore(seats, seat.name) &&
      fhe?.shares.some(({ holder }) => holder === seat.name) === true
    )
  }).length
  return [
    {
      id: row.card,
      name: card.value.name,
      kind,
      domain: card.value.domain,
      words: wordsOf(row.card),
      recipient: card.value.recipient ?? '',
      algorithms: Object.keys(card.value.keys),
      note: card.value.note ?? null,
      renews: card.value.renews?.card ?? null,
      enrolledAt: row.enrolled,
      shares,
    },
  ]
}

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
