import { Code, FailureNotice, PersonChip, QuorumRing, Rec } from '@lux/ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ApprovalView, Failure, VoiceView } from '../../contract/index.ts'
import { ReadBefore } from '../components/key-sign.tsx'
import { Outcome } from '../components/outcome.tsx'
import { DomainBadge } from '../components/state-badge.tsx'
import { useFormats } from '../i18n/format.ts'
import { inOwnDirection } from '../i18n/own-direction.ts'
import type { Act } from '../runner/act.ts'
import { approvals } from '../stores/remotes.ts'
import { hrefOf } from '../stores/route.ts'
import { Carry } from './carry.tsx'

/** Whose turn it is while a request is open: approvers first, then the holders who answer. */
function turnOf({ state, approversNeeded, voices }: ApprovalView): VoiceView['role'] {
  const approved = voices.filter(({ role, said }) => role === 'approver' && said === 'approved').length
  return state === 'approving' || approved < approversNeeded ? 'approver' : 'holder'
}

/** One request: what signatures prove, what is only claimed, who decides, and what is carried to and from their phones. */
export function Request({ request }: { request: ApprovalView }) {
  const { t } = useTranslation()
  const format = useFormats()
  const [failure, setFailure] = useState<Failure | null>(null)
  const [left, setLeft] = useState<readonly string[]>(['asks'])
  const turn = turnOf(request)
  const asked = request.voices.filter(({ role }) => role === turn)
  const needed = turn === 'approver' ? request.approversNeeded : request.answersNeeded
  const given = asked.filter(({ said }) => said === 'approved').length
  const missing = asked.filter(({ said }) => said === 'asked').map(({ name }) => name)
  const more = Math.max(0, needed - given)

  const act: Act = async (answer) => {
    const result = await answer
    setFailure(result.ok ? null : result.error)
    await approvals.again()
    return result.ok
  }

  return (
    <section className="panel panel-body request" aria-labelledby="request-title" data-state={request.state}>
      <header className="request-head">
        <div>
          <h2 id="request-title">
            {t('approvals.decrypt')} <Rec>{request.what}</Rec>
          </h2>
          <p role="status">
            {t(`approvals.turn.${turn}`, { given, needed })}{' '}
            {more > 0 && missing.length > 0
              ? t('approvals.more', { count: more, names: missing.join(', ') })
              : t(`approvals.state.${request.state}`)}
          </p>
          <p className="quiet">
            {request.askedAt === null
              ? null
              : t('approvals.asked-at', {
                  name: inOwnDirection(request.requester),
                  time: format.time(request.askedAt),
                })}{' '}
            <DomainBadge domain={request.domain} />
          </p>
        </div>
        <QuorumRing
          voices={asked.map(({ name, said }) => ({ name, given: said === 'approved' }))}
          needed={needed}
          size={96}
          named={false}
        />
      </header>
      <div className="request-parts">
        <div className="section">
          <ReadBefore shown={request.shown} onRead={setLeft} />
          <SinceLast request={request} />
        </div>
        <div className="section">
          <h3>{t('approvals.budget')}</h3>
          <p>{t('approvals.spends', { count: request.budget })}</p>
          <Voices title={t('approvals.who.approver')} request={request} of="approver" />
          <Voices title={t('approvals.who.holder')} request={request} of="holder" />
        </div>
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
      <Carry request={request} act={act} left={left} />
      <a href={hrefOf('run', request.ceremony)}>
        {t('approvals.ceremony')} <Rec>{request.title}</Rec>
      </a>
    </section>
  )
}

/** A recipient is long: its two ends tell it from others. Everything else is shown whole. */
function Value({ value }: { value: string | number }) {
  const text = String(value)
  return text.startsWith('age1') ? (
    <Code>{`${text.slice(0, 16)}…${text.slice(-16)}`}</Code>
  ) : (
    <Rec>{text}</Rec>
  )
}

/** What another request of the same key asked before, where this one differs. */
function SinceLast({ request }: { request: ApprovalView }) {
  const { t } = useTranslation()
  const format = useFormats()
  const { before } = request
  if (before === null) return <p className="quiet">{t('approvals.first')}</p>
  const rows = (['what', 'purpose', 'combiner', 'ciphertexts', 'budget'] as const).filter(
    (name) => before[name] !== request[name],
  )
  return (
    <section className="section">
      <h3>
        {t('approvals.since')} {before.askedAt === null ? null : <Rec>{format.time(before.askedAt)}</Rec>}
      </h3>
      {rows.length === 0 ? <p>{t('approvals.unchanged')}</p> : null}
      <dl className="facts">
        {rows.map((name) => (
          <div key={name} className="fact-group">
            <dt>{t(`approvals.changed.${name}`)}</dt>
            <dd>
              <del>
                <Value value={before[name]} />
              </del>{' '}
              <ins>
                <Value value={request[name]} />
              </ins>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Voices({ title, request, of }: { title: string; request: ApprovalView; of: VoiceView['role'] }) {
  const { t } = useTranslation()
  const format = useFormats()
  const voices = request.voices.filter(({ role }) => role === of)
  if (voices.length === 0) return null
  return (
    <section className="section">
      <h3>{title}</h3>
      <ul className="list">
        {voices.map((one) => (
          <li key={one.name} className="row tight">
            <PersonChip
              name={one.name}
              note={[
                t(`approvals.said.${one.said}`),
                ...(one.at === null ? [] : [format.time(one.at)]),
                ...(one.standIn ? [t('stage.stand-in')] : []),
                ...(one.left === null ? [] : [t('approvals.left', { count: one.left })]),
              ].join(' · ')}
              presence={one.said === 'approved' ? 'done' : 'unsigned'}
            />
            {one.reason === '' ? null : (
              <span className="quiet">
                <Rec>{one.reason}</Rec>
              </span>
            )}
            {one.said === 'refused' ? <Outcome tone="bad">{t('approvals.said.refused')}</Outcome> : null}
          </li>
        ))}
      </ul>
    </section>
  )
}
