import { EmptyState, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { type ApprovalRequest, labelOf, saidOf, useApprovals, waitsFor } from '../../api/approvals.ts'
import { call } from '../../api/client.ts'
import { usePerson } from '../../api/queries.ts'
import { CopyCode } from '../../components/copy.tsx'
import { Refused } from '../../components/form.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { to } from '../../components/route.ts'
import { CallSnippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'
import { useRequestPages } from './pages.ts'

/** Requests for acts that need the approval of others. */
export function Approvals() {
  const { t } = useTranslation()
  const found = useApprovals()
  return (
    <Page
      title={t('console.approvals.title')}
      lead={t('console.approvals.lead')}
      beside={useRequestPages('approvals')}
    >
      <Asked query={found}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon="holders"
              title={t('console.approvals.none.title')}
              what={t('console.approvals.none.what')}
            />
          ) : (
            all.map((one) => <OneRequest key={one.id} request={one} />)
          )
        }
      </Asked>
    </Page>
  )
}

const isolated = (name: string): string => `\u2068${name}\u2069`

/** Who asks for what, with which key. */
export function useRequestTitle(): (request: ApprovalRequest) => string {
  const { t } = useTranslation()
  return ({ identity, operation, key, names }) => {
    const label = labelOf(operation)
    // A name in other letters turns no sentence round.
    const name = isolated(names[identity] ?? identity)
    const act = 'key' in label ? t(label.key) : label.name
    return key === null
      ? t('console.approvals.asks-change', { name, act })
      : t('console.approvals.asks', { name, act, key: isolated(names[key] ?? key) })
  }
}

function OneRequest({ request }: { request: ApprovalRequest }) {
  const { t } = useTranslation()
  const { list, time } = useFormats()
  const { id: self } = usePerson()
  const queries = useQueryClient()
  const decide = useMutation({
    mutationFn: (verb: 'approve' | 'refuse') =>
      call<unknown>('POST', `/approval-requests/${request.id}/${verb}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['approvals'] }),
  })
  const stop = useMutation({
    mutationFn: () => call<unknown>('POST', `/approval-requests/${request.id}/stop-override`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['approvals'] }),
  })
  const { signed, stopped } = request.override ?? { signed: null, stopped: null }
  const title = useRequestTitle()
  const mine = waitsFor(request, self)
  const nameOf = (id: string): string => request.names[id] ?? id
  const decided = new Set(request.decisions.map(({ identity }) => identity))
  const said = (approves: boolean) =>
    request.decisions.filter((one) => one.approves === approves).map(({ identity }) => identity)
  const approved = request.decisions.filter(({ approves }) => approves).length
  return (
    <Card title={title(request)} note={t('console.requests.until', { time: time(request.expiresAt) })}>
      <dl className="facts">
        <div>
          <dt>{t('console.audit.fact.identity')}</dt>
          <dd>
            <Rec>{nameOf(request.identity)}</Rec>
          </dd>
        </div>
        {request.key === null ? null : (
          <div>
            <dt>{t('console.audit.fact.key-id')}</dt>
            <dd>
              <a href={to('keys', request.key)}>
                <Rec>{nameOf(request.key)}</Rec>
              </a>
              <CopyCode value={request.key} />
            </dd>
          </div>
        )}
        {(
          [
            ['approved-by', said(true)],
            ['refused-by', said(false)],
            ['may-decide', request.approvers.filter((id) => !decided.has(id))],
          ] as const
        ).map(([name, ids]) =>
          ids.length === 0 ? null : (
            <div key={name}>
              <dt>{t(`console.approvals.${name}`)}</dt>
              <dd>
                <Rec>{list(ids.map(nameOf))}</Rec>
              </dd>
            </div>
          ),
        )}
        {signed === null ? null : (
          <>
            <div>
              <dt>{t('console.approvals.signed-by')}</dt>
              <dd>
                <Rec>{list([...signed.officers])}</Rec>
              </dd>
            </div>
            <div>
              <dt>{t(`console.approvals.${stopped === null ? 'done-from' : 'stopped-by'}`)}</dt>
              <dd>{stopped === null ? time(signed.from) : <Rec>{nameOf(stopped.by)}</Rec>}</dd>
            </div>
          </>
        )}
        {request.asked === '' ? null : (
          <div>
            <dt>{t('console.approvals.with')}</dt>
            <dd>
              <Rec>{saidOf(request)}</Rec>
            </dd>
          </div>
        )}
      </dl>
      <p>
        {t(`console.approvals.state.${request.state}`)}{' '}
        {t('console.approvals.counted', { approved, needed: request.needed })}
      </p>
      <Refused error={decide.error ?? stop.error} />
      {signed !== null && stopped === null && ['waiting', 'approved'].includes(request.state) ? (
        <Button
          type="button"
          size="3"
          variant="surface"
          color="gray"
          highContrast
          aria-disabled={stop.isPending}
          onClick={() => stop.mutate()}
        >
          {t('console.approvals.stop')}
        </Button>
      ) : null}
      {mine ? (
        <span className="actions">
          {(['approve', 'refuse'] as const).map((verb) => (
            <Button
              key={verb}
              type="button"
              size="3"
              variant="surface"
              color="gray"
              highContrast
              aria-disabled={decide.isPending}
              onClick={() => decide.mutate(verb)}
            >
              {t(`console.approvals.${verb}`)}
            </Button>
          ))}
        </span>
      ) : null}
      <CallSnippets method="POST" path={`/approval-requests/${request.id}/approve`} />
    </Card>
  )
}
