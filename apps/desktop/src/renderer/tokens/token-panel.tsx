import { Code, FailureNotice, Rec } from '@lux/ui'
import { Badge, Heading } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { capabilityIds, type Failure, type ProbeView, type TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Outcome } from '../components/outcome.tsx'
import { PinLine } from '../components/pin-line.tsx'
import { Section } from '../components/screen.tsx'
import { WorkPanel } from '../components/work-panel.tsx'
import { useSaid } from '../i18n/said.ts'
import { tokens } from '../stores/remotes.ts'
import { endWork, useWork } from '../stores/work.ts'
import { ChangePinDialog } from './change-pin-dialog.tsx'
import { Initialise } from './initialise-dialog.tsx'
import { Inventory } from './inventory.tsx'
import { LogInDialog } from './log-in-dialog.tsx'
import { ProbeResult } from './probe-result.tsx'
import { TokenDoctor } from './token-doctor.tsx'
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

      <Section title={t('tokens.doctor.title')}>
        <TokenDoctor key={token.serial} token={token} />
      </Section>

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

/** Of a kind that no profile knows there are no documents either. */
const unprovedText = ({ profile }: TokenView) =>
  profile === 'generic' ? 'said.profile-unknown' : 'tokens.not-on-hardware-text'

function Marks({ token: { soft, profile, verifiedOn, evidence, session } }: { token: TokenView }) {
  const { t } = useTranslation()
  return (
    <span className="actions">
      {soft ? (
        <Badge color="amber" variant="outline" highContrast>
          {t('tokens.soft')}
        </Badge>
      ) : null}
      {verifiedOn === null && profile !== 'generic' ? (
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

/** The level in words, then each reason why it holds or why the next one does not. */
function TokenEvidence({ token }: { token: TokenView }) {
  const { t, i18n } = useTranslation()
  const textOf = useSaid()
  const attested = `profiles.attestation.${token.profile}`
  const names: Record<string, string> = i18n.exists(attested) ? { how: t(attested) } : {}
  return (
    <div className="panel">
      <div className="row">
        <span className="row-text">
          <strong>{t('tokens.evidence', { level: token.evidence })}</strong>
          <span className="quiet">{t(`tokens.evidence-means.${token.evidence}`)}</span>
        </span>
      </div>
      <ul className="list ruled" aria-label={t('tokens.why-level')}>
        {token.evidenceReasons.map(({ code, holds, detail, said }) => (
          <li key={code} className="row tight">
            <span className="row-text">
              <span>{t(`tokens.reason.${code}`)}</span>
              {detail === '' ? null : (
                <span className="quiet">{textOf(said, names) ?? <Rec>{detail}</Rec>}</span>
              )}
            </span>
            <Outcome tone={holds ? 'good' : 'none'}>{t(holds ? 'tokens.holds' : 'tokens.lacks')}</Outcome>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** What the token says of itself, what is known of its model, and how its PINs stand. */
function TokenFacts({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const { userTries, showsState } = token.pinRules
  return (
    <dl className="facts">
      <dt>{t('tokens.serial')}</dt>
      <dd>{token.serial === '' ? t('tokens.no-serial') : <Code>{token.serial}</Code>}</dd>
      <dt>{t('tokens.maker')}</dt>
      <dd>
        <Rec>
          {token.manufacturer} · {token.model} · {token.firmware}
        </Rec>
      </dd>
      <dt>{t('tokens.profile')}</dt>
      <dd>
        <Rec>{token.profileName}</Rec> <Code>{token.profile}</Code>
      </dd>
      <dt>{t('tokens.verified-on')}</dt>
      <dd>{token.verifiedOn === null ? t(unprovedText(token)) : <Rec>{token.verifiedOn}</Rec>}</dd>
      {token.soft ? (
        <>
          <dt>{t('tokens.soft')}</dt>
          <dd>{t('tokens.soft-text')}</dd>
        </>
      ) : null}
      <dt>{t('tokens.replication')}</dt>
      <dd>{t(`tokens.replicates.${token.replication}`)}</dd>
      <dt>{t('tokens.user-pin')}</dt>
      <dd>
        <PinLine pin={token.userPin} />
        {userTries === null ? null : (
          <div className="quiet">{t('tokens.pin-locks', { count: userTries })}</div>
        )}
        {showsState ? null : <div className="quiet">{t('tokens.pin-silent')}</div>}
      </dd>
      <dt>{t('tokens.so-pin')}</dt>
      <dd>
        <PinLine pin={token.soPin} />
      </dd>
    </dl>
  )
}
