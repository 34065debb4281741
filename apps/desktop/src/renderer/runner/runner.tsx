import { Code, FailureNotice, Rec, WordCards } from '@lux/ui'
import { AlertDialog, Button, Progress, TextField } from '@radix-ui/themes'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Loaded } from '../components/loading.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { DomainBadge, RunStateBadge } from '../components/state-badge.tsx'
import { useRemote } from '../stores/remote.ts'
import { run } from '../stores/remotes.ts'
import { hrefOf } from '../stores/route.ts'
import type { Act } from './act.ts'
import { KeyEvidence } from './key-evidence.tsx'
import { RunEnd } from './run-end.tsx'
import { RunException } from './run-exception.tsx'
import { RunStep } from './run-step.tsx'
import { StepList } from './step-list.tsx'

export function Runner({ id }: { id: string }) {
  const remote = useRemote(run, { id })
  const { t } = useTranslation()
  if (remote.value === null || remote.value.id !== id) {
    return (
      <Screen name="run" title={t('runner.title')}>
        <Loaded remote={{ ...remote, value: null }} store={run}>
          {() => null}
        </Loaded>
      </Screen>
    )
  }
  return <Running view={remote.value} failure={remote.failure} />
}

function Running({ view, failure }: { view: RunView; failure: Failure | null }) {
  const { t } = useTranslation()
  const [refused, setRefused] = useState<Failure | null>(null)
  const { done, total } = view.progress
  const at = view.current?.id ?? view.state
  // biome-ignore lint/correctness/useExhaustiveDependencies: every step starts at the top of the screen
  useEffect(() => document.querySelector('.main')?.scrollTo(0, 0), [at])

  /** Shows what core answered: the run as it stands now, or why it refused. */
  const act: Act = async (answer) => {
    const result = await answer
    if (result.ok) {
      run.setState({ value: result.value })
      setRefused(null)
    } else {
      setRefused(result.error)
    }
    return result.ok
  }

  return (
    <Screen
      name="run"
      title={<Rec>{view.title}</Rec>}
      lead={<Rec>{view.organisation}</Rec>}
      actions={
        <>
          <DomainBadge domain={view.domain} />
          <RunStateBadge state={view.state} />
          <Button asChild variant="surface" color="gray" highContrast size="1">
            <a href={hrefOf('transcript', view.id)}>{t('runner.transcript')}</a>
          </Button>
        </>
      }
    >
      <div className="runner">
        <div className="section">
          <div aria-live="polite" className="quiet" style={{ display: 'grid', gap: '0.375rem' }}>
            <span>{t('runner.progress', { done, total })}</span>
            <Progress value={done} max={Math.max(1, total)} aria-label={t('runner.progress-label')} />
          </div>
          {failure ? <FailureNotice failure={failure} onRetry={() => void run.again()} /> : null}
          {refused ? <FailureNotice failure={refused} /> : null}
          {view.exception ? (
            <RunException key={view.exception.id} view={view} exception={view.exception} act={act} />
          ) : view.current ? (
            <RunStep key={`${view.current.id} ${view.state}`} view={view} step={view.current} act={act} />
          ) : (
            <RunEnd view={view} act={act} />
          )}
          <Controls view={view} act={act} />
          <KeyEvidence keys={view.evidence} />
          <Identity view={view} />
        </div>
        <StepList view={view} />
      </div>
    </Screen>
  )
}

function Controls({ view, act }: { view: RunView; act: Act }) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  // The engine lets an administrator, an operator or an officer do this; the first of them stands at the controls.
  const by = view.people.find(({ role }) => role === 'administrator' || role === 'operator')?.name ?? ''
  if (!view.may.pause && !view.may.resume && !view.may.abort) return null
  return (
    <div className="actions">
      {view.may.resume ? (
        <Button onClick={() => void act(call('ceremonies.resume', { id: view.id, by }))}>
          {t('runner.resume')}
        </Button>
      ) : null}
      {view.may.pause ? (
        <Button
          variant="surface"
          color="gray"
          highContrast
          onClick={() => void act(call('ceremonies.pause', { id: view.id, by }))}
        >
          {t('runner.pause')}
        </Button>
      ) : (
        <span className="why-not">{view.may.resume ? null : t('runner.no-pause')}</span>
      )}
      {view.may.abort ? (
        <AlertDialog.Root onOpenChange={() => setReason('')}>
          <AlertDialog.Trigger>
            <Button variant="surface" color="red" highContrast>
              {t('runner.abort')}
            </Button>
          </AlertDialog.Trigger>
          <AlertDialog.Content maxWidth="30rem">
            <AlertDialog.Title size="4">{t('runner.abort-title')}</AlertDialog.Title>
            <AlertDialog.Description size="2">{t('runner.abort-text')}</AlertDialog.Description>
            <div className="field" style={{ marginBlock: '1rem' }}>
              <label htmlFor="abort-reason">{t('runner.reason')}</label>
              <TextField.Root
                id="abort-reason"
                dir="auto"
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            </div>
            <div className="actions">
              <AlertDialog.Cancel>
                <Button variant="surface" color="gray" highContrast>
                  {t('runner.abort-stay')}
                </Button>
              </AlertDialog.Cancel>
              <AlertDialog.Action>
                <Button
                  color="red"
                  highContrast
                  disabled={reason.trim() === ''}
                  onClick={() => void act(call('ceremonies.abort', { id: view.id, by, reason }))}
                >
                  {t('runner.abort-go')}
                </Button>
              </AlertDialog.Action>
              {reason.trim() === '' ? <span className="why-not">{t('runner.reason-first')}</span> : null}
            </div>
          </AlertDialog.Content>
        </AlertDialog.Root>
      ) : null}
    </div>
  )
}

function Identity({ view }: { view: RunView }) {
  const { t } = useTranslation()
  return (
    <details className="details">
      <summary>{t('runner.identity')}</summary>
      <Section title={t('runner.plan')}>
        <WordCards words={view.planWords} hex={view.planHash} label={t('runner.plan-words')} />
        <dl className="facts">
          <dt>{t('runner.ceremony-id')}</dt>
          <dd>
            <Code>{view.id}</Code>
          </dd>
          <dt>{t('runner.policy')}</dt>
          <dd>
            <Code>{view.policyDigest}</Code>
          </dd>
          <dt>{t('runner.folder')}</dt>
          <dd>
            <Code>{view.folder}</Code>
          </dd>
          <dt>{t('runner.tokens')}</dt>
          <dd>
            {view.tokens.map(({ role, serial, label, present }) => (
              <div key={role}>
                <Rec>
                  {role}: {label}
                </Rec>{' '}
                <Code>{serial}</Code> {present ? null : t('runner.token-absent')}
              </div>
            ))}
          </dd>
          <dt>{t('runner.people')}</dt>
          <dd>
            {view.people.map(({ name, role, standIn }) => (
              <div key={`${role} ${name}`}>
                {t(`roles.${role}`)}: <Rec>{name}</Rec> {standIn ? t('runner.stand-in') : null}
              </div>
            ))}
          </dd>
        </dl>
        {view.checkpoints.map(({ size, root, words, signedBy, missing }) => (
          <div key={size} className="section">
            <WordCards words={words} hex={root} label={t('runner.checkpoint', { size })} />
            <span className="quiet">
              {t('runner.cosigned')} <Rec>{signedBy.join(', ')}</Rec>
              {missing.length === 0 ? null : (
                <>
                  {' · '}
                  {t('runner.missing')} <Rec>{missing.join(', ')}</Rec>
                </>
              )}
            </span>
          </div>
        ))}
      </Section>
    </details>
  )
}
