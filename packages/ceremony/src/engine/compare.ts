import { fromHex, toWords } from '@lux/crypto'
import type { Command, HeardWords } from '../model/commands.ts'
import type { ComparedCard, Decision, NewEvent } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { State } from '../model/state.ts'
import { currentStep } from '../steps/stages.ts'
import { opened } from './exceptions.ts'
import { needsOf } from './needs.ts'
import { absentFault } from './presence.ts'

const wordsOfCard = 4
/** The 32 words of a digest are read as cards of four. */
export const cards = 8

/** What people compare now, word by word: what is read aloud, and what signers are asked to sign. */
export function comparedNow(state: State): Pick<ComparedCard, 'what' | 'digest'>[] {
  const needs = needsOf(state)
  // A run that stands still for a decision cannot be stopped again.
  if (needs?.kind === 'signatures' && needs.what === 'exception') return []
  if (needs?.kind === 'signatures') return [{ what: needs.what, digest: needs.subject }]
  if (needs?.kind !== 'confirm') return []
  return needs.shows.map(({ label, hex }) => ({ what: label, digest: hex }))
}

/**
 * COMPARE-02: nobody goes on, and so nobody signs, before all that the plan has read aloud was heard to its last card. Whoever reads
 * aloud hears nobody: in production, since version 3, somebody else says that they heard. In a rehearsal one person may play all.
 */
export function unheardFault(
  state: State,
  { by, heard }: Pick<Extract<Command, { type: 'proceed' }>, 'by' | 'heard'>,
): string | null {
  const names = state.domain === 'production' && state.plan.v === 3
  const isHeard = (one: HeardWords) => !names || one.by.some((name) => name !== by)
  const left = comparedNow(state).filter(
    ({ digest }) => !heard.some((one) => one.digest === digest && isHeard(one)),
  )
  return left.length === 0 ? null : left.map(({ what, digest }) => `${what} ${digest}`).join(', ')
}

/** Who heard, as the transcript has it since version 3: SPEC.md 13.5. RUN-10 for somebody who is nobody of this run. */
export function hearings(state: State, { step, by, heard }: Extract<Command, { type: 'proceed' }>): Decision {
  const known = new Set(state.plan.people.map(({ name }) => name))
  const events: NewEvent[] = []
  for (const { what, digest } of state.plan.v === 3 ? comparedNow(state) : []) {
    const said = new Set(heard.flatMap((one) => (one.digest === digest ? one.by : [])))
    const stranger = [...said].find((name) => !known.has(name))
    if (stranger !== undefined) return refuse('RUN-10', `${stranger} is nobody of this run`)
    const fact = { what, digest, by: said.size === 0 ? [by] : [...said] }
    events.push({ kind: 'reading.heard', stepId: step, fact })
  }
  return { ok: true, events }
}

/** Somebody says that a card differs: the run stops at once. Words that differ a second time are not compared a third. */
export function decideDiffers(
  state: State,
  { by, digest, card }: Extract<Command, { type: 'differs' }>,
): Decision {
  const progress = currentStep(state)
  const compared = comparedNow(state).find((one) => one.digest === digest)
  if (progress === null || compared === undefined)
    return refuse('COMPARE-01', 'these words are not compared now')
  if (!Number.isInteger(card) || card < 1 || card > cards)
    return refuse('COMPARE-01', `the words are on cards 1 to ${cards}`)
  if (!state.plan.people.some((person) => person.name === by))
    return refuse('RUN-10', `${by} is nobody of this run`)
  const absent = absentFault(state, [by])
  if (absent !== null) return absent
  const words = toWords(fromHex(digest)).slice((card - 1) * wordsOfCard, card * wordsOfCard)
  const told = {
    about: 'reported' as const,
    scope: 'step' as const,
    expected: `${compared.what} ${digest}, card ${card} of ${cards}: ${words.join(' ')}`,
    happened: `${by} heard or read other words on card ${card} of ${cards}`,
  }
  const known = state.plan.v === 1 ? {} : { compared: { ...compared, card } }
  return { ok: true, events: [opened(state, progress.step.id, { ...told, ...known }, by)] }
}
