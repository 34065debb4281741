import { FailureNotice, Rec } from '@lux/ui'
import { Badge, Heading } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { capabilityIds, type Failure, type ProbeView, type TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Section } from '../components/screen.tsx'
import { WorkPanel } from '../components/work-panel.tsx'
import { tokens } from '../stores/remotes.ts'
import { endWork, useWork } from '../stores/work.ts'
import { ChangePinDialog } from './change-pin-dialog.tsx'
import { Initialise } from './initialise-dialog.tsx'
import { Inventory } from './inventory.tsx'
import { LogInDialog } from './log-in-dialog.tsx'
import { ProbeResult } from './probe-result.tsx'
import { TokenEvidence } from './token-evidence.tsx'
import { TokenFacts } from './token-facts.tsx'
import { TokenTrial } from './token-trial.tsx'

export function TokenPanel({ slot, token }: { slot: string; token: TokenView }) {
  const { t } = useTranslation()
  const [failure, setFailure] = useState<Failure | null>(null)
  const [probed, setProbed] = useState<ProbeView | null>(null)
  const report = useWork(({ reports }) => reports[token.serial])
  const [probing, setProbing] = useState(false)
  const probe = probed ?? token.probe

  async function attack(): Promise<void> {
    setProbing(true)
    setFailure(null)
    const answer = await call('tokens.probe', { serial: token.serial })
    setProbing(false)
    endWork(token.serial)
    if (answer.ok) setProbed(answer.value.probe)
    else setFailure(answer.error)
    await tokens.again()
  }

  async function logOut(): Promise<void> {
    const answer = await call('tokens.logOut', { serial: token.serial })
    if (!answer.ok) setFailure(answer.error)
    await tokens.again()
  }

  const noUser = token.session === 'user' ? null : t('tokens.needs-log-in')
  return (
    <div className="screen">
      <div className="panel">
        <div className="row">
          <Heading as="h2" size="4">
            {token.initialised ? <Rec>{token.label}</Rec> : t('tokens.uninitialised')}
          </Heading>
          <Marks token={token} />
        </div>
        <div className="panel-body" style={{ paddingBlockStart: 0 }}>
          <div className="actions">
            {token.session === 'none' && !token.initialised ? null : token.session === 'none' ? (
              <>
                <LogInDialog token={token} />
                {/* A PIN that has expired lets nobody log in until it is changed. */}
                {token.userPin.state === 'unset' ? null : <ChangePinDialog key="none" token={token} />}
              </>
            ) : (
              <>
                <ActionButton variant="surface" color="gray" highContrast onPress={() => void logOut()}>
                  {t('tokens.log-out')}
                </ActionButton>
                <ChangePinDialog key={token.session} token={token} />
              </>
            )}
            <ActionButton
              variant="surface"
              loading={probing}
              whyNot={token.initialised ? noUser : t('tokens.needs-initialise')}
              onPress={() => void attack()}
            >
              {t('tokens.probe')}
            </ActionButton>
            <Initialise slot={slot} token={token} />
          </div>
          {failure ? <FailureNotice failure={failure} /> : null}
          {probing && report ? <WorkPanel id={token.serial} report={report} /> : null}
        </div>
      </div>

      <Section title={t('tokens.probe-title')}>
        {probe === null ? <p className="quiet">{t('tokens.not-probed')}</p> : <ProbeResult probe={probe} />}
      </Section>

      <Section title={t('tokens.facts')}>
        <div className="panel panel-body">
          <TokenFacts token={token} />
        </div>
      </Section>

      <Capabilities token={token} />

      <Section title={t('tokens.trial.title')}>
        <TokenTrial token={token} />
      </Section>

      <Section title={t('tokens.level')}>
        <TokenEvidence token={token} />
      </Section>

      <Section title={t('tokens.objects')}>
        {token.initialised ? (
          <Inventory serial={token.serial} session={token.session} />
        ) : (
          <p className="quiet">{t('tokens.needs-initialise')}</p>
        )}
      </Section>
    </div>
  )
}

function Marks({ token: { soft, verifiedOn, evidence, session } }: { token: TokenView }) {
  const { t } = useTranslation()
  return (
    <span className="actions">
      {soft ? (
        <Badge color="amber" variant="outline" highContrast>
          {t('tokens.soft')}
        </Badge>
      ) : null}
      {verifiedOn === null ? (
        <Badge color="amber" variant="outline" highContrast>
          {t('tokens.not-on-hardware')}
        </Badge>
      ) : null}
      <Badge color="gray" variant="outline" highContrast>
        {t('tokens.evidence', { level: evidence })}
      </Badge>
      {session === 'none' ? null : (
        <Badge color="indigo" highContrast>
          {t(`tokens.session.${session}`)}
        </Badge>
      )}
    </span>
  )
}

function Capabilities({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  return (
    <Section title={t('tokens.capabilities')}>
      <p className="quiet" style={{ margin: 0 }}>
        {t('tokens.capabilities-mean')}
      </p>
      <ul className="panel list">
        {capabilityIds.map((id) => {
          const state = token.capabilities.find((capability) => capability.id === id)?.state ?? 'unknown'
          return (
            <li key={id} className="row tight">
              <span className="row-text">{t(`tokens.capability.${id}`)}</span>
              <Outcome tone={state === 'yes' ? 'good' : 'none'}>{t(`tokens.has.${state}`)}</Outcome>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
