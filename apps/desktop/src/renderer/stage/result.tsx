import { Code, PersonChip, Rec, ResultCard, WordCards } from '@lux/ui'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Fact, RunView, StepView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useScriptText } from '../i18n/step-text.ts'
import type { Act } from '../runner/act.ts'
import { useFactText } from '../runner/fact-list.tsx'
import { changeRoom } from '../stores/room.ts'
import { ComeLate } from './come-late.tsx'
import { secondOf } from './elapsed.tsx'
import { GoButton } from './go-button.tsx'
import { largestOf, readAloud } from './largest.ts'
import { namesInNotes } from './names-in-notes.ts'
import { handsFree, sawIt, saysSeen } from './phase.ts'
import { playedAlone } from './run-people.ts'
import { StageStep } from './stage-step.tsx'
import { useStageText } from './stage-text.ts'
import { writeNotes } from './write-notes.ts'

const mostFacts = 6

type Props = { view: RunView; step: StepView; act: Act }

/** What a step has made. It stays until the room has seen it. */
export function Result({ view, step, act }: Props) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const [seenBy, setSeenBy] = useState<readonly string[]>([])
  const [busy, setBusy] = useState(false)
  const { current } = view
  const whyNot = seenBy.length === 0 && saysSeen(view).length > 0 ? t('stage.seen-first') : null
  // Whoever rehearses alone presses once for both: the result is seen, and the machine goes on.
  const goesOn = playedAlone(view) && current !== null && handsFree(current)

  async function seen(): Promise<void> {
    setBusy(true)
    const [first] = seenBy
    if (first !== undefined && view.may.note) {
      const texts = namesInNotes(seenBy, (names) => t('stage.seen-note', { names, step: textOf.title(step) }))
      // The result stays until the transcript has who saw it.
      if (!(await writeNotes({ id: view.id, step: step.id, by: first, texts }, act))) return setBusy(false)
    }
    if (goesOn) {
      const [by = ''] = current.actor.name.split(', ')
      await act(call('ceremonies.proceed', { id: view.id, step: current.id, by, input: {} }))
    }
    changeRoom(view.id, { seen: step.number })
    setBusy(false)
  }

  return (
    <StageStep
      view={view}
      act={act}
      phase="result"
      step={step}
      go={
        <GoButton
          label={t('stage.seen')}
          icon="eye"
          busy={busy}
          off={whyNot !== null}
          hint={
            current === null || whyNot !== null ? (
              whyNot
            ) : (
              <>
                {t('stage.then')}{' '}
                <bdi data-record="" {...(goesOn ? { 'data-then': '' } : {})}>
                  {textOf.title(current)}
                </bdi>
              </>
            )
          }
          onPress={() => void seen()}
        />
      }
    >
      <Card step={step} foot={<SeenBy view={view} names={seenBy} onChange={setSeenBy} />} />
      <ComeLate view={view} act={act} />
    </StageStep>
  )
}

/** A step that is done, opened again. */
export function ResultAgain({ view, step, act, onClose }: Props & { onClose: () => void }) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  return (
    <StageStep
      view={view}
      act={act}
      phase="again"
      step={step}
      go={<GoButton label={t('stage.back')} icon="back" onPress={onClose} />}
    >
      <p className="step-text">
        <Rec>{textOf.step(step).text}</Rec>
      </p>
      <Card step={step} />
    </StageStep>
  )
}

function Card({ step, foot }: { step: StepView; foot?: ReactNode }) {
  const { t, i18n } = useTranslation()
  const said = useStageText()
  const factText = useFactText()
  const spoken = step.results.filter(({ words }) => words !== undefined)
  const value = largestOf(step)
  const others = step.results.filter((fact) => fact !== value && !spoken.includes(fact))
  const facts = others.slice(0, mostFacts - 1).map((fact) => ({
    name: factText.nameOf(fact),
    value: factText.shownOf(fact),
  }))
  const done =
    step.doneAt === null
      ? []
      : [
          {
            name: t('stage.done-at'),
            value: <Code>{[secondOf(step.doneAt), t('stage.utc')].join(' ')}</Code>,
          },
        ]
  const explained = i18n.exists(`stage.why.${step.do}`) ? t(`stage.why.${step.do}`) : undefined
  return (
    <ResultCard
      state="done"
      title={said.made(step)}
      text={explained}
      {...(spoken.length > 0
        ? {
            evidence: spoken.map((fact) => (
              <Spoken key={fact.name} fact={fact} name={factText.labelOf(fact)} />
            )),
          }
        : value === undefined
          ? {}
          : {
              evidence: (
                <>
                  <span className="evidence-label">{factText.nameOf(value)}</span>
                  <span className="evidence-value">{shownLarge(value)}</span>
                  {value.name === 'evidence-level' ? (
                    <span>{t(`tokens.evidence-means.${value.value}`)}</span>
                  ) : null}
                </>
              ),
            })}
      facts={[...facts, ...done]}
      foot={foot}
    />
  )
}

function shownLarge(fact: Fact) {
  return fact.name === 'serial' ? <Code>{readAloud(fact)}</Code> : <Rec>{readAloud(fact)}</Rec>
}

function Spoken({ fact, name }: { fact: Fact; name: string }) {
  return <WordCards words={fact.words ?? []} hex={fact.value} label={name} />
}

/** Whoever has seen it may say so: it is written down with their name. */
function SeenBy({
  view,
  names,
  onChange,
}: {
  view: RunView
  names: readonly string[]
  onChange: (names: readonly string[]) => void
}) {
  const { t } = useTranslation()
  const people = sawIt(view)
  if (people.length === 0) return null
  return (
    <div className="seen-by">
      <strong>{t('stage.said-seen')}</strong>
      {people.map(({ name }) => (
        <label key={name} className="roll-person">
          <input
            type="checkbox"
            className="visually-hidden"
            checked={names.includes(name)}
            onChange={(event) =>
              onChange(event.target.checked ? [...names, name] : names.filter((one) => one !== name))
            }
          />
          <PersonChip name={name} size="small" presence={names.includes(name) ? 'done' : 'absent'} />
        </label>
      ))}
    </div>
  )
}
