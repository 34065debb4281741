import { FailureNotice, Icon, QuorumRing, Rec } from '@lux/ui'
import { Link } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type {
  ApprovalView,
  CeremonySummary,
  DraftSummary,
  DueItem,
  Failure,
  SetupSummary,
} from '../../contract/index.ts'
import { CeremonyTable } from '../components/ceremony-table.tsx'
import { Loaded } from '../components/loading.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { UnreadableRuns } from '../components/unreadable-runs.tsx'
import { UtcNow } from '../components/utc-clock.tsx'
import { useFormats } from '../i18n/format.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { useRemote } from '../stores/remote.ts'
import { appInfo, approvals, ceremonies, drafts, due, scripts, setups } from '../stores/remotes.ts'
import { hrefOf } from '../stores/route.ts'
import { useShell } from '../stores/shell.ts'
import { FirstTime } from './first-time.tsx'
import { type Group, groupOf } from './groups.ts'
import { Measures } from './measures.tsx'
import { Next } from './next.tsx'
import { awaited, nextOf } from './next-action.ts'
import { Scripts, startScript } from './scripts.tsx'
import { UnderWay } from './under-way.tsx'

const inGroup = (list: CeremonySummary[], group: Group): CeremonySummary[] =>
  list.filter((one) => groupOf(one) === group)

/** One next action; then what is due, what is under way, and whether this machine is fit. */
export function Home() {
  const { t } = useTranslation()
  const [failure, setFailure] = useState<Failure | null>(null)
  const interactive = useShell((state) => state.interactive)
  const info = useRemote(appInfo, {}, interactive)
  const { blanks } = useScriptText()
  const list = useRemote(ceremonies, {})
  // A start waits for none of these.
  const { value: toDo } = useRemote(due, {}, interactive)
  const { value: asked } = useRemote(approvals, {}, interactive)
  const { value: preparing } = useRemote(setups, {}, interactive)
  const { value: making } = useRemote(drafts, {}, interactive)
  const { value: known } = useRemote(scripts, {}, interactive)
  const all = list.value?.ceremonies ?? []
  const underWay = inGroup(all, 'under-way')
  const inSetup = (preparing?.setups ?? []).filter(({ run }) => run === null)
  const inDraft = (making?.drafts ?? []).filter(({ frozen }) => !frozen)
  const empty = all.length === 0 && inSetup.length === 0 && inDraft.length === 0

  async function start(script: string): Promise<void> {
    const found = known?.scripts.find(({ id }) => id === script)
    setFailure(await startScript(script, found === undefined ? [] : blanks(found)))
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
      {underWay.length === 0 ? null : (
        <Section title={t('home.group.under-way', { count: underWay.length })}>
          <UnderWay ceremonies={underWay} />
        </Section>
      )}
      <div className="home-columns">
        <div>
          <DueList due={toDo?.due ?? null} quiet={empty} />
          <Unfinished setups={inSetup} drafts={inDraft} />
          {(['to-hand-over', 'ended'] as const).map((name) => {
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

/** The request to decrypt that ends first, and how many more wait for somebody's word. */
function Awaited({ requests }: { requests: readonly ApprovalView[] }) {
  const { t } = useTranslation()
  const format = useFormats()
  const open = awaited(requests)
  const [first] = open
  if (first === undefined) return null
  const role = first.state === 'approving' ? 'approver' : 'holder'
  return (
    <Section title={t('home.approvals.title')}>
      <div className="panel home-awaited">
        <QuorumRing
          size={96}
          named={false}
          needed={role === 'approver' ? first.approversNeeded : first.answersNeeded}
          voices={first.voices
            .filter((voice) => voice.role === role)
            .map(({ name, said }) => ({ name, given: said === 'approved' }))}
        />
        <span className="row-text">
          <Link underline="always" href={hrefOf('approvals', first.digest)}>
            <Rec>{first.what}</Rec>
          </Link>
          <span className="quiet">{t('home.approvals.until', { time: format.time(first.expiry) })}</span>
          {open.length === 1 ? null : (
            <span className="quiet">{t('home.approvals.more', { count: open.length - 1 })}</span>
          )}
        </span>
      </div>
    </Section>
  )
}

/** What has to be done by a day, what is late first. `quiet`: nothing is said where nothing can be due yet. */
function DueList({ due, quiet }: { due: DueItem[] | null; quiet: boolean }) {
  const { t } = useTranslation()
  if (due === null || (quiet && due.length === 0)) return null
  return (
    <Section title={t('home.due.title')}>
      {due.length === 0 ? <p className="quiet">{t('home.due.none')}</p> : null}
      <ul className="list">
        {due.map((item) => (
          <OneDue key={`${item.kind} ${item.run ?? ''} ${item.at ?? ''}`} item={item} />
        ))}
      </ul>
    </Section>
  )
}

function OneDue({ item: { kind, title, names, at, late, run } }: { item: DueItem }) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <li className="row home-due" data-late={late ? '' : undefined}>
      <Icon name={late ? 'alert' : 'clock'} />
      <span className="row-text">
        <Link underline="always" href={run === null ? hrefOf('settings') : hrefOf('run', run)}>
          {t(`home.due.${kind}`)}
        </Link>
        <span className="quiet">
          <Rec>{[title, ...names].filter((part) => part !== '').join(' · ')}</Rec>
        </span>
      </span>
      <span className="home-due-at">
        {late ? <strong>{t('home.due.late')}</strong> : null}
        {at === null ? null : <Rec>{format.day(at)}</Rec>}
      </span>
    </li>
  )
}

/** Ceremonies that are being set up, with the approvals that they wait for, and scripts that are being made. */
function Unfinished({ setups, drafts }: { setups: SetupSummary[]; drafts: DraftSummary[] }) {
  const { t } = useTranslation()
  const count = setups.length + drafts.length
  if (count === 0) return null
  return (
    <Section title={t('home.unfinished', { count })}>
      <ul className="list">
        {setups.map(({ id, title, next, signed }) => (
          <li key={id} className="row">
            <span className="row-text">
              <Link underline="always" href={hrefOf('setup', id)}>
                <Rec>{title}</Rec>
              </Link>
              <span className="quiet">{t('setup.stands', { stage: t(`setup.stage.${next}`) })}</span>
            </span>
            {signed === null ? null : (
              <span>{t(`home.waits.${next === 'policy' ? 'policy' : 'approve'}`, signed)}</span>
            )}
          </li>
        ))}
        {drafts.map(({ id, title, faults }) => (
          <li key={id} className="row">
            <span className="row-text">
              <Link underline="always" href={hrefOf('script', id)}>
                <Rec>{title}</Rec>
              </Link>
              <span className="quiet">{t('home.draft')}</span>
            </span>
            {faults === 0 ? null : <span>{t('designer.faults', { count: faults })}</span>}
          </li>
        ))}
      </ul>
    </Section>
  )
}
