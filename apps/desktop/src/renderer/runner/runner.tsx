import { FailureNotice, Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, RunView } from '../../contract/index.ts'
import { call, droppedPath } from '../client.ts'
import { Loaded } from '../components/loading.tsx'
import { Screen } from '../components/screen.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { useShownOnWall } from '../stage/on-wall.ts'
import { faceOf, seenBefore, stepsOf } from '../stage/phase.ts'
import { Result, ResultAgain } from '../stage/result.tsx'
import { StageBar } from '../stage/stage-bar.tsx'
import { StageRail } from '../stage/stage-rail.tsx'
import { StageTimeline } from '../stage/stage-timeline.tsx'
import { takeDrops } from '../stores/drop.ts'
import { useRemote } from '../stores/remote.ts'
import { run } from '../stores/remotes.ts'
import { useRoom } from '../stores/room.ts'
import { turnWall, useWall } from '../stores/wall.ts'
import type { Act } from './act.ts'
import { EpochLive } from './epoch-live.tsx'
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
  const room = useRoom(view.id)
  const face = faceOf(view, { seen: room.seen ?? before })
  const result = face.kind === 'result' ? face.step : null
  const opened = again === null ? undefined : stepsOf(view).find(({ id }) => id === again)
  const at = `${opened?.id ?? ''} ${result?.id ?? view.current?.id ?? view.state} ${result === null ? view.state : 'result'}`
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
    const field = ['[type=password]', '.clock-entry', '[type=text]', '.answer [type=radio]']
      .map((one) => main?.querySelector<HTMLElement>(one) ?? null)
      .find((one) => one !== null)
    const next = field ?? document.querySelector<HTMLElement>('[data-go]')
    // What happened is read before it is answered.
    next?.focus({ preventScroll: field?.matches('[type=radio]') !== false })
  }, [at])
}
