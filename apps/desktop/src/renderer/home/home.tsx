import { Rec } from '@lux/ui'
import { Button, Heading } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { CeremonySummary } from '../../contract/index.ts'
import { CeremonyTable } from '../components/ceremony-table.tsx'
import { Loaded } from '../components/loading.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { UnreadableRuns } from '../components/unreadable-runs.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { useRemote } from '../stores/remote.ts'
import { appInfo, ceremonies } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { useShell } from '../stores/shell.ts'
import { type Group, groupOf, groups } from './groups.ts'
import { Measures } from './measures.tsx'

const inGroup = (list: CeremonySummary[], group: Group): CeremonySummary[] =>
  list.filter((one) => groupOf(one) === group)

export function Home() {
  const { t } = useTranslation()
  const interactive = useShell((state) => state.interactive)
  const info = useRemote(appInfo, {}, interactive)
  const list = useRemote(ceremonies, {})
  return (
    <Screen name="home" title={t('home.title')} lead={t('home.lead')}>
      <Loaded remote={list} store={ceremonies}>
        {({ ceremonies: all, unreadable }) => (
          <>
            <UnreadableRuns runs={unreadable} again={ceremonies.again} />
            {all.length === 0 ? <FirstTime /> : <Next all={all} />}
          </>
        )}
      </Loaded>
      <Section title={t('home.machine')}>
        <Loaded remote={info} store={appInfo}>
          {(value) => <Measures info={value} />}
        </Loaded>
      </Section>
      {list.value === null
        ? null
        : groups.map((name) => {
            const members = inGroup(list.value?.ceremonies ?? [], name)
            return members.length === 0 ? null : (
              <Section key={name} title={t(`home.group.${name}`, { count: members.length })}>
                <CeremonyTable ceremonies={members} />
              </Section>
            )
          })}
    </Screen>
  )
}

function FirstTime() {
  const { t } = useTranslation()
  return (
    <section className="choice-grid" aria-label={t('home.first-time')}>
      {(['rehearsal', 'bundle', 'token'] as const).map((choice) => (
        <div className="choice" key={choice}>
          <Heading as="h2" size="3">
            {t(`home.first.${choice}.title`)}
          </Heading>
          <p className="quiet">{t(`home.first.${choice}.text`)}</p>
          <div>
            <Button
              variant={choice === 'rehearsal' ? 'solid' : 'surface'}
              {...(choice === 'rehearsal' ? {} : { color: 'gray', highContrast: true })}
              onClick={() =>
                go(({ rehearsal: 'ceremonies', bundle: 'bundles', token: 'tokens' } as const)[choice])
              }
            >
              {t(`home.first.${choice}.go`)}
            </Button>
          </div>
        </div>
      ))}
    </section>
  )
}

function Next({ all }: { all: CeremonySummary[] }) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const underWay = inGroup(all, 'under-way')[0]
  const toHandOver = inGroup(all, 'to-hand-over')[0]
  if (underWay) {
    const { done } = underWay.progress
    return (
      <section className="panel next" aria-label={t('home.next')}>
        <div className="row-text">
          <span className="quiet">{t('home.next')}</span>
          <Heading as="h2" size="4">
            {t('home.resume', { step: done + 1 })}
            {underWay.at ? (
              <>
                {' '}
                <Rec>{textOf.title(underWay.at)}</Rec>
              </>
            ) : null}
          </Heading>
          <span className="quiet">
            <Rec>{underWay.title}</Rec>
          </span>
        </div>
        <Button size="3" onClick={() => go('run', underWay.id)}>
          {t('home.continue')}
        </Button>
      </section>
    )
  }
  return (
    <section className="panel next" aria-label={t('home.next')}>
      <div className="row-text">
        <span className="quiet">{t('home.next')}</span>
        <Heading as="h2" size="4">
          {toHandOver ? t('home.hand-over') : t('home.start')}
        </Heading>
        <span className="quiet">{toHandOver ? <Rec>{toHandOver.title}</Rec> : t('home.start-text')}</span>
      </div>
      <Button size="3" onClick={() => (toHandOver ? go('run', toHandOver.id) : go('ceremonies'))}>
        {toHandOver ? t('home.hand-over-go') : t('home.start-go')}
      </Button>
    </section>
  )
}
