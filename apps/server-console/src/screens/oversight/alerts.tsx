import { Code, EmptyState, Rec } from '@lux/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/client.ts'
import { mostCounted, mostMinutes } from '../../api/limits.ts'
import { usePerson, usePlaces } from '../../api/queries.ts'
import type { Grant, Organisation } from '../../api/types.ts'
import { Secret } from '../../components/copy.tsx'
import { Choice, Field, Form, Refused } from '../../components/form.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'
import { useAuditPages } from './pages.ts'

type Rule =
  | { readonly kind: 'volume' | 'failures'; readonly most: number; readonly minutes: number }
  | { readonly kind: 'unusual-hour'; readonly hours: { readonly from: number; readonly until: number } }
  | { readonly kind: 'source'; readonly networks: readonly string[] }
type State = {
  readonly rules: readonly { readonly id: string; readonly rule: Rule }[]
  readonly webhooks: readonly { readonly id: string; readonly name: string; readonly url: string }[]
  readonly alerts: readonly {
    readonly id: string
    readonly rule: Rule
    readonly identityId: string
    readonly name: string | null
    readonly at: string
    readonly seen: number
  }[]
  readonly deliveries: readonly {
    readonly id: string
    readonly webhook: string
    readonly event: 'alert' | 'authority' | 'test'
    readonly state: 'waiting' | 'delivered' | 'given-up'
    readonly tries: number
    readonly status: number | null
    readonly failure: string | null
    readonly createdAt: string
  }[]
}

const kinds = ['failures', 'volume', 'unusual-hour', 'source'] as const

export const holds = (grants: readonly Grant[], id: string, ...roles: readonly string[]): boolean =>
  grants.some(
    ({ role, organisationId, projectId }) =>
      roles.includes(role) && projectId === null && (organisationId === null || organisationId === id),
  )

/** Alerts: each organisation's limits, what exceeded them, and who is told. */
export function Alerts() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  return (
    <Page title={t('console.alerts.title')} lead={t('console.alerts.lead')} beside={useAuditPages('alerts')}>
      <Asked query={places}>
        {(found) => {
          const seen = found.filter(({ organisation: { id } }) =>
            holds(grants, id, 'organisation-admin', 'auditor'),
          )
          return seen.length === 0 ? (
            <EmptyState
              icon="alert"
              title={t('console.alerts.no-role')}
              what={t('console.alerts.no-role-what')}
            />
          ) : (
            seen.map(({ organisation }) => (
              <OfOrganisation
                key={organisation.id}
                organisation={organisation}
                manages={holds(grants, organisation.id, 'organisation-admin')}
              />
            ))
          )
        }}
      </Asked>
    </Page>
  )
}

function OfOrganisation({ organisation, manages }: { organisation: Organisation; manages: boolean }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const sentence = useRuleSentence()
  const at = `/organisations/${organisation.id}`
  const found = useQuery({
    queryKey: ['alerts', organisation.id],
    queryFn: () => call<State>('GET', `${at}/alerts`),
    refetchInterval: 5000,
  })
  return (
    <Asked query={found}>
      {({ rules, webhooks, alerts, deliveries }) => (
        <div className="pair-columns">
          <div className="column">
            <Card title={<Rec>{organisation.name}</Rec>}>
              {alerts.length === 0 ? (
                <EmptyState
                  icon="check"
                  title={t('console.alerts.quiet')}
                  what={t(rules.length === 0 ? 'console.alerts.no-rule' : 'console.alerts.quiet-what')}
                />
              ) : (
                <ul className="version-list">
                  {alerts.map((one) => (
                    <li key={one.id}>
                      <span className="version-text">
                        <strong>
                          <Rec>{one.name ?? one.identityId}</Rec>
                        </strong>
                        <span>{sentence(one.rule)}</span>
                        <span className="quiet">{time(one.at)}</span>
                      </span>
                      <span className="badge" data-tone="due">
                        {t('console.alerts.seen', { count: one.seen })}
                      </span>
                    </li>
                  ))}
                </ul>
              )}
            </Card>
            <Rules at={at} organisation={organisation.id} rules={rules} manages={manages} />
          </div>
          <Webhooks
            at={at}
            organisation={organisation.id}
            webhooks={webhooks}
            deliveries={deliveries}
            manages={manages}
          />
        </div>
      )}
    </Asked>
  )
}

function useRuleSentence(): (rule: Rule) => string {
  const { t } = useTranslation()
  const { list } = useFormats()
  return (rule) =>
    rule.kind === 'source'
      ? t('console.alerts.rule.source', { networks: list(rule.networks) })
      : rule.kind === 'unusual-hour'
        ? t('console.alerts.rule.unusual-hour', rule.hours)
        : t(`console.alerts.rule.${rule.kind}`, { most: rule.most, minutes: rule.minutes })
}

function useAgain(organisation: string) {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['alerts', organisation] })
}

function Rules({
  at,
  organisation,
  rules,
  manages,
}: {
  at: string
  organisation: string
  rules: State['rules']
  manages: boolean
}) {
  const { t } = useTranslation()
  const sentence = useRuleSentence()
  const again = useAgain(organisation)
  const [kind, setKind] = useState<(typeof kinds)[number]>('failures')
  const add = useMutation({
    mutationFn: (rule: Rule) => call<unknown>('POST', `${at}/alert-rules`, { rule }),
    onSuccess: again,
  })
  const remove = useMutation({
    mutationFn: (id: string) => call<unknown>('DELETE', `${at}/alert-rules/${id}`),
    onSuccess: again,
  })
  const example: Rule = { kind: 'failures', most: 10, minutes: 5 }
  return (
    <Card title={t('console.alerts.rules')}>
      {rules.length === 0 ? <p className="quiet">{t('console.alerts.rules-none')}</p> : null}
      <ul className="version-list">
        {rules.map(({ id, rule }) => (
          <li key={id}>
            <span className="version-text">{sentence(rule)}</span>
            {manages ? (
              <button type="button" className="link" data-tone="bad" onClick={() => remove.mutate(id)}>
                {t('console.alerts.remove')}
                <span className="visually-hidden">{sentence(rule)}</span>
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      <Refused error={remove.error} />
      {manages ? (
        <Form
          work={add}
          plain
          submit={t('console.alerts.add')}
          onSubmit={({ text }) =>
            add.mutate(
              kind === 'source'
                ? {
                    kind,
                    networks: text('networks')
                      .split(/[\s,]+/)
                      .filter(Boolean),
                  }
                : kind === 'unusual-hour'
                  ? { kind, hours: { from: Number(text('from')), until: Number(text('until')) } }
                  : { kind, most: Number(text('most')), minutes: Number(text('minutes')) },
            )
          }
        >
          <Choice
            label={t('console.alerts.kind')}
            value={kind}
            onChange={(value) => setKind(kinds.find((one) => one === value) ?? 'failures')}
            options={kinds.map((value) => ({ value, label: t(`console.alerts.kinds.${value}`) }))}
          />
          {kind === 'source' ? (
            <Field
              name="networks"
              label={t('console.new-identity.networks')}
              hint={t('console.new-identity.networks-hint')}
              required
              dir="ltr"
              autoComplete="off"
            />
          ) : kind === 'unusual-hour' ? (
            <div className="field-row">
              <Field
                name="from"
                type="number"
                min={0}
                max={24}
                defaultValue={7}
                required
                label={t('console.new-identity.hours-from')}
              />
              <Field
                name="until"
                type="number"
                min={0}
                max={24}
                defaultValue={19}
                required
                label={t('console.new-identity.hours-until')}
              />
            </div>
          ) : (
            <div className="field-row">
              <Field
                name="most"
                type="number"
                min={1}
                max={mostCounted}
                defaultValue={kind === 'failures' ? 10 : 1000}
                required
                label={t('console.alerts.most')}
              />
              <Field
                name="minutes"
                type="number"
                min={1}
                max={mostMinutes}
                defaultValue={5}
                required
                label={t('console.alerts.minutes')}
              />
            </div>
          )}
        </Form>
      ) : null}
      <CallSnippets method="POST" path={`${at}/alert-rules`} body={{ rule: example }} />
    </Card>
  )
}

function Webhooks({
  at,
  organisation,
  webhooks,
  deliveries,
  manages,
}: {
  at: string
  organisation: string
  webhooks: State['webhooks']
  deliveries: State['deliveries']
  manages: boolean
}) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const again = useAgain(organisation)
  const add = useMutation({
    mutationFn: (body: object) => call<{ secret: string }>('POST', `${at}/webhooks`, body),
    onSuccess: again,
  })
  const test = useMutation({
    mutationFn: (id: string) => call<unknown>('POST', `${at}/webhooks/${id}/test`),
    onSuccess: again,
  })
  const remove = useMutation({
    mutationFn: (id: string) => call<unknown>('DELETE', `${at}/webhooks/${id}`),
    onSuccess: again,
  })
  const example = { name: 'on-call', url: 'https://hooks.example.org/custody' }
  return (
    <Card title={t('console.webhooks.title')}>
      {webhooks.length === 0 ? (
        <EmptyState
          icon="bundles"
          title={t('console.webhooks.none.title')}
          what={t('console.webhooks.none.what')}
        />
      ) : (
        <ul className="version-list">
          {webhooks.map(({ id, name, url }) => (
            <li key={id}>
              <span className="version-text">
                <strong>
                  <Rec>{name}</Rec>
                </strong>
                <Code>{url}</Code>
              </span>
              {manages ? (
                <span className="actions">
                  <button type="button" className="link" onClick={() => test.mutate(id)}>
                    {t('console.webhooks.test')}
                    <span className="visually-hidden">
                      <Rec>{name}</Rec>
                    </span>
                  </button>
                  <button type="button" className="link" data-tone="bad" onClick={() => remove.mutate(id)}>
                    {t('console.alerts.remove')}
                    <span className="visually-hidden">
                      <Rec>{name}</Rec>
                    </span>
                  </button>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      <Refused error={test.error ?? remove.error} />
      {add.data === undefined ? null : (
        <div aria-live="polite">
          <p>{t('console.webhooks.once')}</p>
          <Secret label={t('console.webhooks.secret')} value={add.data.secret} />
        </div>
      )}
      {manages ? (
        <Form
          work={add}
          plain
          submit={t('console.webhooks.add')}
          onSubmit={({ text }) => add.mutate({ name: text('name').trim(), url: text('url').trim() })}
        >
          <Field name="name" label={t('console.person.name')} required maxLength={64} autoComplete="off" />
          <Field
            name="url"
            type="url"
            label={t('console.webhooks.url')}
            hint={t('console.webhooks.url-hint')}
            required
            maxLength={512}
            dir="ltr"
            autoComplete="off"
          />
        </Form>
      ) : null}
      {deliveries.length === 0 ? null : (
        <>
          <h3>{t('console.webhooks.deliveries')}</h3>
          <ul className="version-list">
            {deliveries.slice(0, 10).map((one) => (
              <li key={one.id}>
                <span className="version-text">
                  <strong>
                    {t(`console.webhooks.event.${one.event}`)} <Rec>{one.webhook}</Rec>
                  </strong>
                  <span className="quiet">
                    {`${time(one.createdAt)} · ${t('console.webhooks.tries', { count: one.tries })}`}
                  </span>
                </span>
                <span
                  className="badge"
                  data-tone={one.state === 'delivered' ? 'good' : one.state === 'waiting' ? 'due' : 'bad'}
                >
                  {t(`console.webhooks.state.${one.state}`)}
                  {one.failure === null ? null : <Code>{one.failure}</Code>}
                  {one.failure === null && one.status !== null ? <Code>{String(one.status)}</Code> : null}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <CallSnippets method="POST" path={`${at}/webhooks`} body={example} />
    </Card>
  )
}
