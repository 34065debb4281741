import { Code, FailureNotice, Icon, Timeline, type TimelinePart } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, PartView, RunView } from '../../contract/index.ts'
import { call, droppedPath } from '../client.ts'
import { fromBase64, type QrPart, QrShow } from '../components/codes.tsx'
import { Loaded } from '../components/loading.tsx'
import { Screen } from '../components/screen.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { minuteOf } from '../stage/elapsed.tsx'
import { useShownOnWall } from '../stage/on-wall.ts'
import { faceOf, seenBefore, stepsOf } from '../stage/phase.ts'
import { Result, ResultAgain } from '../stage/result.tsx'
import { StageBar } from '../stage/stage-bar.tsx'
import { StageRail } from '../stage/stage-rail.tsx'
import { takeDrops } from '../stores/drop.ts'
import { useRemote } from '../stores/remote.ts'
import { run } from '../stores/remotes.ts'
import { keepSeen, useRoom } from '../stores/room.ts'
import { turnWall, useWall } from '../stores/wall.ts'
import type { Act } from './act.ts'
import { RunEnd } from './run-end.tsx'
import { RunException } from './run-exception.tsx'
import { RunStep } from './step/run-step.tsx'

export function Runner({ id }: { id: string }) {
  const remote = useRemote(run, { id })
  const { t } = useTranslation()
  if (remote.value === null || remote.value.id !== id) {
    return (
      <div className="stage-empty">
        <Screen name="run" title={t('runner.title')}>
          <Loaded remote={{ ...remote, value: null }} store={run}>
            {() => null}
          </Loaded>
        </Screen>
      </div>
    )
  }
  return <Running view={remote.value} failure={remote.failure} />
}

function Running({ view, failure }: { view: RunView; failure: Failure | null }) {
  const [refused, setRefused] = useState<Failure | null>(null)
  const [again, setAgain] = useState<string | null>(null)
  const [railOpen, setRailOpen] = useState(false)
  const textOf = useScriptText()
  const [before] = useState(() => seenBefore(view, textOf.title))
  // Whoever goes to another screen and comes back finds the result that nobody has seen.
  useEffect(() => keepSeen(view.id, before), [view.id, before])
  const room = useRoom(view.id)
  const face = faceOf(view, { seen: room.seen ?? before })
  const result = face.kind === 'result' ? face.step : null
  const opened = again === null ? undefined : stepsOf(view).find(({ id }) => id === again)
  const at = `${opened?.id ?? ''} ${result?.id ?? view.current?.id ?? view.state} ${result === null ? view.state : 'result'}`
  const voices = view.current?.needs.flatMap((need) => (need.need === 'sign' ? need.signers : []))
  const stand = `${at} ${voices?.filter(({ signed }) => signed).length} ${JSON.stringify(room.heard)}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was refused is over once the run went on
  useEffect(() => setRefused(null), [stand])
  useShownOnWall(view, result)
  useFocusOnNext(`${at} ${view.current?.blocked ?? ''}`)

  /** Shows what core answered: the run as it stands now, or why it refused. */
  const act: Act = async (answer) => {
    const result = await answer
    if (result.ok) {
      run.put(result.value)
      setRefused(null)
    } else {
      setRefused(result.error)
    }
    return result.ok
  }

  /** Answers that fall onto the window, one after another; the first that is refused is told, and stops them. */
  async function takeAnswers(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const path = await droppedPath(file)
      if (path === null || !(await act(call('ceremonies.submitFile', { id: view.id, path })))) return
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: the run that is shown takes what falls onto the window
  useEffect(() => takeDrops('run', (files) => void takeAnswers(files)), [view.id])

  return (
    <div className="stage" data-screen="run" data-state={view.state}>
      <StageBar view={view} railOpen={railOpen} onRail={() => setRailOpen((open) => !open)} />
      <StageTimeline view={view} open={again} onOpen={(id) => setAgain(id === again ? null : id)} />
      <div className="stage-notices">
        {failure ? <FailureNotice failure={failure} onRetry={() => void run.again()} /> : null}
        {refused ? <FailureNotice failure={refused} /> : null}
        <WallGone />
        <EpochLive view={view} />
      </div>
      {view.exception ? (
        <RunException key={view.exception.id} view={view} exception={view.exception} act={act} />
      ) : opened !== undefined ? (
        <ResultAgain view={view} step={opened} act={act} onClose={() => setAgain(null)} />
      ) : result !== null ? (
        <Result key={result.id} view={view} step={result} act={act} />
      ) : view.current ? (
        <RunStep key={`${view.current.id} ${view.state}`} view={view} step={view.current} act={act} />
      ) : (
        <RunEnd view={view} act={act} />
      )}
      <StageRail view={view} open={railOpen} />
    </div>
  )
}

/** The projector was unplugged, or its window ended: the ceremony goes on, and the room is told. */
function WallGone() {
  const { t } = useTranslation()
  const { open, why } = useWall()
  if (open || why === 'asked') return null
  return (
    <div className="failure" data-tone="warn" role="status" data-wall={why}>
      <Icon name="alert" size={18} />
      <div className="section">
        <strong>{t(`stage.wall.${why}`)}</strong>
        <span>{t('stage.wall.goes-on')}</span>
        <div className="actions">
          <Button variant="surface" color="gray" highContrast onClick={() => void turnWall(true)}>
            {t('stage.wall.again')}
          </Button>
          <Button
            variant="ghost"
            color="gray"
            highContrast
            onClick={() => useWall.setState({ open: false, why: 'asked' })}
          >
            {t('frame.core-noted')}
          </Button>
        </div>
      </div>
    </div>
  )
}

/** The next action has the focus, from the first screen on: the first field, where one is to be filled, else the live button. */
function useFocusOnNext(at: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of what is shown
  useEffect(() => {
    document.querySelector('.stage-main')?.scrollTo(0, 0)
    // Whoever writes in a dialog is not torn out of it.
    if (document.querySelector('[role=dialog], [role=alertdialog]') !== null) return
    const main = document.querySelector('.stage-main')
    const field = [
      '[type=password]',
      '.clock-entry',
      '[type=text]',
      '.answer [type=radio]',
      '[data-sign-here]',
    ]
      .map((one) => main?.querySelector<HTMLElement>(one) ?? null)
      .find((one) => one !== null)
    const next = field ?? document.querySelector<HTMLElement>('[data-go]')
    // What happened is read before it is answered.
    next?.focus({ preventScroll: field?.matches('[type=radio]') !== false })
  }, [at])
}

/** Once the next epoch is live, every phone with an old or a new share hears it: codes here, or the file. */
function EpochLive({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const [parts, setParts] = useState<readonly QrPart[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  if (view.epochLive === null) return null

  async function show(): Promise<void> {
    setFailure(null)
    const answer = await call('ceremonies.carry', { id: view.id, live: true })
    if (!answer.ok) return setFailure(answer.error)
    setParts(
      answer.value.parts.map(({ type, payload }) => ({
        what: t(`runner.codes.${type}`),
        carried: { type, payload: fromBase64(payload) },
      })),
    )
  }

  return (
    <div className="failure" data-tone="warn" role="status" data-epoch="live">
      <Icon name="check" size={18} />
      <div className="section">
        <strong>{t('runner.live.title')}</strong>
        <span>{t('runner.live.what')}</span>
        <Code>{view.epochLive.file}</Code>
        <div className="actions">
          <Button type="button" variant="surface" color="gray" highContrast onClick={() => void show()}>
            <Icon name="qr" />
            {t('runner.live.show')}
          </Button>
        </div>
        {failure ? <FailureNotice failure={failure} /> : null}
        {parts === null ? null : (
          <Suspense>
            <QrShow title={t('runner.live.title')} parts={parts} onClose={() => setParts(null)} />
          </Suspense>
        )}
      </div>
    </div>
  )
}

/** The parts of the run: real times behind, the step in hand, and how many steps are to come. */
function StageTimeline({
  view,
  open,
  onOpen,
}: {
  view: RunView
  open: string | null
  onOpen: (id: string) => void
}) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const at = view.current?.id ?? view.exception?.step ?? null

  function noteOf({ steps }: PartView): string {
    const current = steps.find(({ id }) => id === at)
    if (current !== undefined) return `${current.number} ${textOf.title(current)}`
    const [first, last] = [steps[0]?.startedAt, steps.findLast(({ doneAt }) => doneAt !== null)?.doneAt]
    if (first != null && last != null) return `${minuteOf(first)} – ${minuteOf(last)}`
    return t('stage.steps', { count: steps.length })
  }

  const parts = view.parts.map(
    (part): TimelinePart => ({
      id: part.id,
      title: textOf.part(part),
      note: noteOf(part),
      steps: part.steps.map((step) => ({
        id: step.id,
        number: step.number,
        title: textOf.title(step),
        state: step.state,
        said: t(`states.step.${step.state}`),
        deviation: view.remarks.some(({ kind, step: where }) => kind === 'deviation' && where === step.id)
          ? t('stage.deviation-mark')
          : null,
      })),
    }),
  )
  return (
    <div className="stage-timeline">
      <p className="stage-brief" aria-live="polite">
        {t('runner.progress', view.progress)}
      </p>
      <Timeline parts={parts} label={t('runner.steps')} at={at} open={open} onOpen={onOpen} />
    </div>
  )
}
