import { Code, FailureNotice, Rec, WordCards } from '@lux/ui'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BundleSummary, Failure, OutputOf } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { FilePicker } from '../components/file-picker.tsx'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { DomainBadge } from '../components/state-badge.tsx'
import { UnreadableRuns } from '../components/unreadable-runs.tsx'
import { WorkPanel } from '../components/work-panel.tsx'
import { useFormats } from '../i18n/format.ts'
import { takeDrops } from '../stores/drop.ts'
import { useRemote } from '../stores/remote.ts'
import { bundles } from '../stores/remotes.ts'
import { endWork, useWork } from '../stores/work.ts'
import { TakeAway } from './take-away.tsx'
import {
  choose,
  forgetVerification,
  heldPolicy,
  takeDropped,
  useVerification,
  verify,
} from './verification.ts'
import { VerifyResult } from './verify-result.tsx'

export function Bundles() {
  const { t } = useTranslation()
  const remote = useRemote(bundles, {})
  const policy = useVerification(({ chosen }) => chosen.policy)
  useEffect(() => forgetVerification, [])
  return (
    <Screen name="bundles" title={t('bundles.title')} lead={t('bundles.lead')}>
      <Section title={t('bundles.here')}>
        <Loaded remote={remote} store={bundles}>
          {({ bundles: all, unreadable }) => (
            <>
              {all.length === 0 ? (
                <p className="quiet">{t('bundles.none')}</p>
              ) : (
                <ul className="panel list">
                  {all.map((bundle) => (
                    <Bundle key={bundle.id} bundle={bundle} policy={heldPolicy(policy, all)} />
                  ))}
                </ul>
              )}
              <UnreadableRuns runs={unreadable} again={bundles.again} />
            </>
          )}
        </Loaded>
      </Section>
      <Section title={t('bundles.verify')}>
        <Verify rehearsed={policy !== null && heldPolicy(policy, remote.value?.bundles ?? []) === null} />
      </Section>
    </Screen>
  )
}

/** `policy`: what was chosen to verify by, where it is no rehearsal's own. */
function Bundle({ bundle, policy }: { bundle: BundleSummary; policy: string | null }) {
  const { t } = useTranslation()
  const format = useFormats()
  const [failure, setFailure] = useState<Failure | null>(null)
  const [written, setWritten] = useState<OutputOf<'bundles.export'> | null>(null)
  const [busy, setBusy] = useState(false)
  const verifies = useVerification(({ busy: now, chosen }) => now && chosen.path === bundle.path)
  const standing = standingOf(bundle)
  const work = `export:${bundle.id}`
  const report = useWork(({ reports }) => reports[work])

  async function exportTo(): Promise<void> {
    const chosen = await call('shell.openFolder', {})
    if (!chosen.ok || chosen.value.path === null) return
    setBusy(true)
    setFailure(null)
    const answer = await call('bundles.export', { id: bundle.id, folder: chosen.value.path })
    setBusy(false)
    endWork(work)
    if (answer.ok) setWritten(answer.value)
    else setFailure(answer.error)
    await bundles.again()
  }

  return (
    <li>
      <div className="row">
        <span className="row-text">
          <strong>
            <Rec>{bundle.title}</Rec>
          </strong>
          <span className="quiet">
            <Rec>
              {format.time(bundle.sealedAt)} · {format.bytes(bundle.bytes)}
            </Rec>
          </span>
          <span className="quiet">
            <Code>{bundle.digest}</Code>
          </span>
        </span>
        <span className="actions">
          <DomainBadge domain={bundle.domain} />
          <Outcome tone={outcomes[standing]}>{t(`bundles.${standing}`)}</Outcome>
          <ActionButton
            variant="surface"
            color="gray"
            highContrast
            loading={verifies}
            onPress={() => void verify({ path: bundle.path, policy })}
          >
            {t('bundles.verify-this')}
          </ActionButton>
          {bundle.policy === null ? null : (
            <ActionButton
              variant="surface"
              color="gray"
              highContrast
              loading={verifies}
              onPress={() => void verify({ path: bundle.path, policy: bundle.policy })}
            >
              {t('bundles.verify-rehearsal')}
            </ActionButton>
          )}
          <ActionButton loading={busy} onPress={() => void exportTo()}>
            {t('bundles.export')}
          </ActionButton>
        </span>
      </div>
      <div className="row" style={{ paddingBlockStart: 0 }}>
        <TakeAway bundle={bundle} policy={policy} />
      </div>
      {busy && report ? <WorkPanel id={work} report={report} /> : null}
      {failure || written ? (
        <div className="panel-body" style={{ paddingBlockStart: 0 }}>
          {failure ? <FailureNotice failure={failure} /> : null}
          {written ? (
            <div role="status">
              <Outcome tone="good">{t('bundles.written')}</Outcome> <Code>{written.path}</Code>
              <WordCards words={written.words} hex={written.digest} label={t('bundles.digest-words')} />
            </div>
          ) : null}
        </div>
      ) : null}
    </li>
  )
}

const outcomes = { receipted: 'good', handed: 'good', exported: 'warn', 'not-exported': 'none' } as const

/** How far the bundle has come on its way to those who use it. */
function standingOf({ receipted, exported, awaitsReceipt }: BundleSummary): keyof typeof outcomes {
  if (awaitsReceipt) return exported ? 'exported' : 'not-exported'
  if (receipted) return 'receipted'
  return exported ? 'handed' : 'not-exported'
}

/** `rehearsed`: the policy is a rehearsal's own. */
function Verify({ rehearsed }: { rehearsed: boolean }) {
  const { t } = useTranslation()
  const { chosen, busy, result, failure } = useVerification()
  const { path, policy } = chosen
  const report = useWork(({ reports }) => (path === null ? undefined : reports[path]))

  useEffect(() => takeDrops('bundles', (files) => void takeDropped(files)), [])

  return (
    <>
      <div className="panel panel-body">
        <FilePicker
          kind="bundle"
          label={t('bundles.file')}
          path={path}
          onPick={(picked) => choose({ path: picked })}
        />
        <FilePicker
          kind="policy"
          label={t('bundles.policy')}
          path={policy}
          onPick={(picked) => choose({ policy: picked })}
        />
        {rehearsed ? <Outcome tone="warn">{t('bundles.policy-rehearsal')}</Outcome> : null}
        <p className="quiet" style={{ margin: 0 }}>
          {t('bundles.policy-why')} {t('bundles.drop')}
        </p>
        <div className="actions">
          <ActionButton
            loading={busy}
            whyNot={path === null ? t('bundles.need-file') : null}
            onPress={() => void verify()}
          >
            {t('bundles.verify-go')}
          </ActionButton>
        </div>
        {busy && report && path !== null ? <WorkPanel id={path} report={report} /> : null}
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
      {result ? <VerifyResult result={result} /> : null}
    </>
  )
}
