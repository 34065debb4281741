import { FailureNotice } from '@lux/ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CeremonySummary, Failure } from '../../contract/index.ts'
import { CeremonyTable } from '../components/ceremony-table.tsx'
import { Loaded } from '../components/loading.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { UnreadableRuns } from '../components/unreadable-runs.tsx'
import { UtcNow } from '../components/utc-clock.tsx'
import { useRemote } from '../stores/remote.ts'
import { appInfo, approvals, ceremonies, drafts, due, scripts, setups } from '../stores/remotes.ts'
import { useShell } from '../stores/shell.ts'
import { Awaited } from './awaited.tsx'
import { DueList } from './due-list.tsx'
import { FirstTime } from './first-time.tsx'
import { type Group, groupOf, groups } from './groups.ts'
import { Measures } from './measures.tsx'
import { Next } from './next.tsx'
import { nextOf } from './next-action.ts'
import { Scripts, startScript } from './scripts.tsx'
import { Unfinished } from './unfinished.tsx'

const inGroup = (list: CeremonySummary[], group: Group): CeremonySummary[] =>
  list.filter((one) => groupOf(one) === group)

/** One next action; then what is due, what is under way, and whether this machine is fit. */
export function Home() {
  const { t } = useTranslation()
  const [failure, setFailure] = useState<Failure | null>(null)
  const interactive = useShell((state) => state.interactive)
  const info = useRemote(appInfo, {}, interactive)
  const list = useRemote(ceremonies, {})
  // A start waits for none of these.
  const { value: toDo } = useRemote(due, {}, interactive)
  const { value: asked } = useRemote(approvals, {}, interactive)
  const { value: preparing } = useRemote(setups, {}, interactive)
  const { value: making } = useRemote(drafts, {}, interactive)
  const { value: known } = useRemote(scripts, {}, interactive)
  const all = list.value?.ceremonies ?? []
  const inSetup = (preparing?.setups ?? []).filter(({ run }) => run === null)
  const inDraft = (making?.drafts ?? []).filter(({ frozen }) => !frozen)
  const empty = all.length === 0 && inSetup.length === 0 && inDraft.length === 0

  async function start(script: string): Promise<void> {
    setFailure(await startScript(script, known?.scripts ?? []))
  }

  return (
    <Screen name="home" title={t('home.title')} lead={<UtcNow />}>
      {failure ? <FailureNotice failure={failure} /> : null}
      <Loaded remote={list} store={ceremonies}>
        {({ unreadable }) => (
          <>
            {empty ? (
              <FirstTime onStart={() => start('first-run')} />
            ) : (
              <Next action={nextOf(all, inSetup, inDraft)} onStart={() => start('first-run')} />
            )}
            <UnreadableRuns runs={unreadable} again={ceremonies.again} />
          </>
        )}
      </Loaded>
      <div className="home-columns">
        <div>
          <DueList due={toDo?.due ?? null} quiet={empty} />
          <Unfinished setups={inSetup} drafts={inDraft} />
          {groups.map((name) => {
            const members = inGroup(all, name)
            return members.length === 0 ? null : (
              <Section key={name} title={t(`home.group.${name}`, { count: members.length })}>
                <CeremonyTable ceremonies={members} />
              </Section>
            )
          })}
          {known === null ? null : <Scripts scripts={known.scripts} onStart={start} />}
        </div>
        <div>
          <Section title={t('home.machine')}>
            <Loaded remote={info} store={appInfo}>
              {(value) => <Measures info={value} />}
            </Loaded>
          </Section>
          <Awaited requests={asked?.requests ?? []} />
        </div>
      </div>
    </Screen>
  )
}
