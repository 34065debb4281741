import type { CardState } from '@lux/ui'
import type { Compared, RunView } from '../../../contract/index.ts'
import { playedAlone } from '../../stage/run-people.ts'
import type { Room } from '../../stores/room.ts'

export const cardCount = 8

/** The words in hand, the first that were not heard to their end, and the card that is read now, from 1. */
export function inHand(
  compares: readonly Compared[],
  heard: Room['heard'],
): { compared: Compared; card: number } | null {
  const compared = compares.find(({ digest }) => (heard[digest] ?? 0) < cardCount)
  return compared === undefined ? null : { compared, card: (heard[compared.digest] ?? 0) + 1 }
}

/** How many cards nobody heard yet. */
export function cardsUnheard(compares: readonly Compared[], heard: Room['heard']): number {
  return compares.reduce((left, { digest }) => left + Math.max(0, cardCount - (heard[digest] ?? 0)), 0)
}

/** Whose words were heard to their end, and who said that they heard them. */
export function heardWhole(
  compares: readonly Compared[],
  { heard, heardBy }: Pick<Room, 'heard' | 'heardBy'>,
): { digest: string; by: string[] }[] {
  return compares
    .filter(({ digest }) => (heard[digest] ?? 0) >= cardCount)
    .map(({ digest }) => ({ digest, by: [...(heardBy[digest] ?? [])] }))
}

/**
 * The digest of whose words people have to say now that they heard them all, before its last card goes on: the transcript has who.
 * Whoever plays everybody says nothing, and nobody does where the transcript is of a version without it.
 */
export function saysHeard(
  view: Pick<RunView, 'domain' | 'people' | 'may'>,
  now: ReturnType<typeof inHand>,
): string | null {
  if (now === null || now.card < cardCount || playedAlone(view) || !view.may.hear) return null
  return now.compared.digest
}

/** What the room has said of each card; one that differed before is marked until it is heard. */
export function cardStates(
  view: Pick<RunView, 'remarks'>,
  digest: string,
  heard: Room['heard'],
  reads: boolean,
): CardState[] {
  const done = heard[digest] ?? 0
  const differed = new Set(
    view.remarks.flatMap(({ compared }) => (compared?.digest === digest ? [compared.card] : [])),
  )
  return Array.from({ length: cardCount }, (_, index) => {
    if (index < done) return 'heard'
    if (differed.has(index + 1)) return 'differs'
    return reads && index === done ? 'reading' : 'waiting'
  })
}
