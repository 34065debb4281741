import { holderBefore } from '@lux/ceremony/plan'
import { type Card, cardCodec, checkRenewalSignature } from '@lux/ceremony/wire'
import { ExpectedError, readBounded } from '@lux/node-files'
import { enrolledKinds, type HolderView, type InputOf } from '../../contract/index.ts'
import type { HolderRow } from '../store/store.ts'
import { scannedBytes } from './shared/scanned.ts'
import type { ServiceContext } from './shared/service-context.ts'
import { wordsOf } from './shared/words.ts'

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
