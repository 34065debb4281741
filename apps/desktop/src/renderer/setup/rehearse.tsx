import { FailureNotice } from '@lux/ui'
import { Button, Progress } from '@radix-ui/themes'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { SetupView } from '../../contract/index.ts'
import { call, onEvent } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Outcome } from '../components/outcome.tsx'
import { useRemote } from '../stores/remote.ts'
import { setup as remote, run as runs } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import type { SetupActs } from './use-setup.ts'

/** The whole plan on a throw-away token: played by the machine, or walked through by the people who are here. */
export function Rehearse({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { rehearsal, approval, script } = setup
  useEffect(() => onEvent('ceremony.changed', () => void remote.again()), [])
  const fits = rehearsal?.sealed === true && approval.shown !== null
  const playing = rehearsal?.playing === true
  async function begin(alone: boolean): Promise<void> {
    if ((await acts.send(call('setups.rehearse', { id: setup.id, alone }))) && !alone) {
      const { value } = remote.getState()
      if (value?.rehearsal) go('run', value.rehearsal.id)
    }
  }
  const whyNot = script.hash === null ? t('setup.rehearse.plan-first') : null
  return (
    <section className="setup-card" aria-labelledby="rehearse-title">
      <h2 id="rehearse-title">{t('setup.rehearse.title')}</h2>
      <p>{t('setup.rehearse.text')}</p>
      {rehearsal === null ? null : (
        <>
          {playing ? <Playing id={rehearsal.id} /> : null}
          {fits ? (
            <Outcome tone="good">
              {t(
                approval.shown?.act.since?.name === 'since-plan'
                  ? 'setup.rehearse.earlier'
                  : 'setup.rehearse.sealed',
              )}
            </Outcome>
          ) : playing ? null : (
            <Outcome tone="warn">{t('setup.rehearse.open')}</Outcome>
          )}
          {rehearsal.failure === null ? null : <FailureNotice failure={rehearsal.failure} />}
        </>
      )}
      <div className="actions">
        <ActionButton
          size="3"
          {...(fits ? { variant: 'surface', color: 'gray', highContrast: true } : { 'data-first': '' })}
          loading={acts.busy || playing}
          whyNot={whyNot}
          onPress={() => void begin(true)}
        >
          {t(rehearsal === null ? 'setup.rehearse.alone' : 'setup.rehearse.again')}
        </ActionButton>
        {whyNot !== null || playing ? null : (
          <Button size="3" variant="surface" color="gray" highContrast onClick={() => void begin(false)}>
            {t('setup.rehearse.together')}
          </Button>
        )}
        {rehearsal === null || playing ? null : (
          <Button
            size="3"
            variant="surface"
            color="gray"
            highContrast
            onClick={() => go('run', rehearsal.id)}
          >
            {t('setup.rehearse.look')}
          </Button>
        )}
      </div>
    </section>
  )
}

/** Everybody acts for themselves: it begins once the officers have signed the policy and the plan is sound. */
export function RehearseTogether({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { policy, script, run } = setup
  const signed = policy.signers.filter((signer) => signer.signed).length
  async function begin(): Promise<void> {
    const answer = await call('setups.rehearse', { id: setup.id, alone: false })
    if (!answer.ok) return acts.fail(answer.error)
    remote.put(answer.value)
    if (answer.value.run !== null) go('run', answer.value.run)
  }
  return (
    <section className="setup-card" aria-labelledby="rehearse-title">
      <h2 id="rehearse-title">{t('setup.together.title')}</h2>
      <p>{t('setup.together.text')}</p>
      {run === null ? (
        <div className="actions">
          <ActionButton
            size="3"
            data-first=""
            loading={acts.busy}
            whyNot={
              script.hash === null
                ? t('setup.together.plan-first')
                : signed < policy.officerQuorum
                  ? t('setup.together.policy-first')
                  : null
            }
            onPress={() => void begin()}
          >
            {t('setup.together.go')}
          </ActionButton>
        </div>
      ) : (
        <Outcome tone="good">{t('setup.begun')}</Outcome>
      )}
    </section>
  )
}

function Playing({ id }: { id: string }) {
  const { t } = useTranslation()
  const { value } = useRemote(runs, { id })
  const { done, total } = value?.progress ?? { done: 0, total: 0 }
  return (
    <div className="step-need" role="status">
      <span>{total === 0 ? t('stage.working') : t('setup.rehearse.playing', { done, total })}</span>
      <Progress aria-label={t('setup.rehearse.title')} value={total === 0 ? 0 : (100 * done) / total} />
    </div>
  )
}
