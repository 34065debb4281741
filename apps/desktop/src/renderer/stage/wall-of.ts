import { withoutHidden } from '@lux/crypto/text'
import type { RunView } from '../../contract/ceremonies.ts'
import { directionOf, type Language } from '../../contract/languages.ts'
import { evidenceShape, type Wall, wallLimits } from '../../contract/wall.ts'
import { lastDone } from './phase.ts'

type Text = (key: string, values?: Record<string, unknown>) => string

/** What the stage shows now, in the sentences that it has for it. */
export type Shown = {
  state: Wall['state']
  step: string
  who: string
  role: string
  what: string
  evidence: Wall['evidence']
  card: {
    of: string
    card: number
    heard: number
    digest: string
    words: readonly string[]
    differs: boolean
  } | null
  partTitle(part: RunView['parts'][number]): string
}

const longest = 300
const line = (text: string): string => withoutHidden(text, () => ' ').slice(0, longest)

/** As many of them as may stand there, with the one in hand, and place of the first. */
function around<T>(
  all: readonly T[],
  most: number,
  inHand: (one: T) => boolean,
): { some: T[]; from: number } {
  const at = all.findIndex(inHand)
  const last = at < 0 ? all.length : at + Math.ceil(most / 2)
  const from = Math.max(0, Math.min(last, all.length) - most)
  return { some: all.slice(from, from + most), from }
}

/** Picks what the wall may show out of all that the stage knows, member by member; whatever is new in a run stays away from it. */
export function wallOf(
  { title, organisation, domain, created, parts, keys, current }: RunView,
  { state, step, who, role, what, evidence, card, partTitle }: Shown,
  t: Text,
  language: Language,
): Wall {
  const depthOf = (id: string | null): number => {
    const parent = keys.find((key) => key.id === id)?.parent ?? null
    return parent === null ? 0 : 1 + depthOf(parent)
  }
  const shownParts = around(parts, wallLimits.parts, ({ steps }) =>
    steps.some(({ id }) => id === current?.id),
  )
  const shownKeys = around(keys, wallLimits.keys, ({ state: made }) => made === 'now' || made === 'todo')
  const { from, some } = shownKeys
  const which = some.length === keys.length ? '' : ` ${from + 1}–${from + some.length} / ${keys.length}`
  const isCut = shownParts.some.length < parts.length
  return {
    language,
    direction: directionOf(language),
    title: line(title),
    organisation: line(organisation),
    rehearsal: domain === 'rehearsal' ? t('frame.rehearsal') : null,
    step: line(step),
    who: line(who),
    role: line(role),
    what: line(what),
    state,
    since: created,
    until: current === null ? (lastDone({ parts })?.doneAt ?? null) : null,
    evidence:
      evidence !== null && evidenceShape.test(evidence.value)
        ? { name: line(evidence.name), value: evidence.value }
        : null,
    labels: {
      running: t('stage.running'),
      utc: t('stage.utc'),
      keys: `${t('stage.keys')}${which}`,
    },
    parts: shownParts.some.map((part, at) => ({
      title: line(
        isCut ? `${shownParts.from + at + 1} / ${parts.length} · ${partTitle(part)}` : partTitle(part),
      ),
      done: part.steps.filter((one) => one.state === 'done').length,
      total: part.steps.length,
      now: part.steps.some(({ id }) => id === current?.id),
    })),
    keys: some.map(({ id, name, level, state: made, step: at }) => ({
      name: line(level === 'threshold' ? t('stage.key.threshold') : name),
      note: line(
        made === 'before'
          ? t('stage.key.before')
          : made === 'todo'
            ? t('stage.key.step', { level: t(`stage.level.${level}`), step: at })
            : t(`ui.key.${made}`),
      ),
      depth: depthOf(id),
      state: made,
    })),
    reading: card === null ? null : readingOf(card, t),
  }
}

function readingOf(card: NonNullable<Shown['card']>, t: Text): Wall['reading'] {
  const from = (card.card - 1) * 4
  return {
    what: line(card.of),
    card: t('stage.reading.card', { card: card.card, count: 8 }),
    first: from + 1,
    heard: card.heard,
    differs: card.differs,
    words: card.words.slice(from, from + 4).map((word, index) => ({
      word,
      byte: card.digest.slice(2 * (from + index), 2 * (from + index) + 2),
    })),
  }
}
