import { Code, FailureNotice, Rec, WordCards } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, HolderView, Result } from '../../contract/index.ts'
import { call, droppedPath } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { allowCamera, QrScan, toBase64 } from '../components/codes.tsx'
import { CommandLine } from '../components/command-line.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { DomainBadge } from '../components/state-badge.tsx'
import { useFormats } from '../i18n/format.ts'
import { takeDrops } from '../stores/drop.ts'
import { useRemote } from '../stores/remote.ts'
import { holders } from '../stores/remotes.ts'
import { ShareMatrix } from './share-matrix.tsx'

const enrolCommand = 'custody holder enrol --name NAME --domain production --out card.json --key key-file'

export function Holders() {
  const { t } = useTranslation()
  const remote = useRemote(holders, {})
  const [failure, setFailure] = useState<Failure | null>(null)
  const [scans, setScans] = useState(false)
  const [enrolled, setEnrolled] = useState<HolderView | null>(null)

  async function enrol(): Promise<void> {
    const path = await pickFile('card')
    if (path !== null) await take(call('holders.enrol', { path }))
  }

  async function take(asked: Promise<Result<{ holder: HolderView }>>): Promise<boolean> {
    setFailure(null)
    setEnrolled(null)
    const answer = await asked
    if (answer.ok) setEnrolled(answer.value.holder)
    else setFailure(answer.error)
    await holders.again()
    return answer.ok
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the screen takes what falls while it is shown
  useEffect(() => {
    const takeAll = async (files: readonly File[]): Promise<void> => {
      for (const file of files) {
        const path = await droppedPath(file)
        if (path === null || !(await take(call('holders.enrol', { path })))) return
      }
    }
    return takeDrops('holders', (files) => void takeAll(files))
  }, [])

  return (
    <Screen
      name="holders"
      title={t('holders.title')}
      lead={t('holders.lead')}
      actions={
        <>
          <ActionButton onPress={() => setScans(true)}>{t('holders.scan')}</ActionButton>
          <Button variant="surface" color="gray" highContrast onClick={() => void enrol()}>
            {t('holders.enrol')}
          </Button>
        </>
      }
    >
      {scans ? (
        <Suspense>
          <QrScan
            title={t('holders.scan')}
            what={t('holders.scan-what')}
            expected={['card']}
            allow={allowCamera}
            onCarried={({ payload }) =>
              void take(call('holders.enrolCarried', { payload: toBase64(payload) }))
            }
            onClose={() => setScans(false)}
          />
        </Suspense>
      ) : null}
      {failure ? <FailureNotice failure={failure} /> : null}
      {enrolled ? (
        <div className="panel panel-body" role="status">
          <Outcome tone="good">
            {t('holders.enrolled')} <Rec>{enrolled.name}</Rec>
          </Outcome>
          <p className="quiet" style={{ margin: 0 }}>
            {t('holders.compare')}
          </p>
          <WordCards words={enrolled.words} label={t('holders.card-words')} />
        </div>
      ) : null}
      <ShareMatrix />
      <Loaded remote={remote} store={holders}>
        {({ holders: all }) =>
          all.length === 0 ? (
            <div className="panel panel-body">
              <strong>{t('holders.none')}</strong>
              <p className="quiet" style={{ margin: 0 }}>
                {t('holders.none-do')}
              </p>
            </div>
          ) : (
            <ul className="panel list">
              {all.map((holder) => (
                <Holder key={holder.id} holder={holder} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <Section title={t('holders.enrol-title')}>
        <p className="quiet" style={{ margin: 0 }}>
          {t('holders.enrol-how')}
        </p>
        <CommandLine text={enrolCommand} />
      </Section>
    </Screen>
  )
}

function Holder({ holder }: { holder: HolderView }) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <li>
      <div className="row">
        <span className="row-text">
          <strong>
            <Rec>{holder.name}</Rec>
          </strong>
          <span className="quiet">
            {t('holders.enrolled-at')} <Rec>{format.time(holder.enrolledAt)}</Rec>
            {holder.renews === null ? null : <> · {t('holders.renewed')}</>}
            {holder.note === null ? null : (
              <>
                {' · '}
                <Rec>{holder.note}</Rec>
              </>
            )}
          </span>
        </span>
        <span className="actions">
          <DomainBadge domain={holder.domain} />
          {holder.shares === 0 ? <Outcome tone="none">{t('holders.no-share')}</Outcome> : null}
        </span>
      </div>
      <details className="details" style={{ padding: '0 1.25rem 0.75rem' }}>
        <summary>{t('holders.details')}</summary>
        <div className="panel-body" style={{ paddingInline: 0 }}>
          <WordCards words={holder.words} hex={holder.id} label={t('holders.card-words')} />
          <dl className="facts">
            <dt>{t('holders.algorithms')}</dt>
            <dd>
              <Code>{holder.algorithms.join(' + ')}</Code>
            </dd>
            <dt>{t('holders.recipient')}</dt>
            <dd>
              <Code>{holder.recipient.slice(0, 40)}…</Code>
            </dd>
          </dl>
        </div>
      </details>
    </li>
  )
}
