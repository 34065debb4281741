import { Code, EmptyState, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, download } from '../api/client.ts'
import { has, type Place, usePerson, usePlaces } from '../api/queries.ts'
import type { AuditEntry, Grant, PlacedEntry } from '../api/types.ts'
import { CopyCode } from '../components/copy.tsx'
import { Choice, Field, Refused } from '../components/form.tsx'
import { pageAt } from '../components/list.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { to } from '../components/route.ts'
import { CallSnippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'
import { AuditChain } from './audit-chain.tsx'
import { useAuditPages } from './oversight/pages.ts'

const page = 50

export function Audit() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  const auditor = has(grants, 'auditor')
  const everywhere = grants.some(({ role, organisationId }) => role === 'auditor' && organisationId === null)
  return (
    <Page title={t('console.audit.title')} lead={t('console.audit.lead')} beside={useAuditPages('log')}>
      {auditor ? (
        <div className="columns">
          <div className="column">
            <Asked query={places}>
              {(found) => <Log scopes={scopesOf(grants, found, everywhere, t('console.audit.all'))} />}
            </Asked>
          </div>
          <div className="column">{everywhere ? <AuditChain /> : null}</div>
        </div>
      ) : (
        <EmptyState
          icon="transcript"
          title={t('console.audit.none.title')}
          what={t('console.audit.none.what')}
        />
      )}
    </Page>
  )
}

type Found = {
  readonly entries: readonly PlacedEntry[]
  readonly names: Readonly<Record<string, string>>
  readonly totalCount: number
  readonly isMore: boolean
}
type Scope = { readonly value: string; readonly label: string }

/** The places whose log this person may read, each as part of a query. */
export function scopesOf(
  grants: readonly Grant[],
  places: readonly Place[],
  everywhere: boolean,
  all: string,
): readonly Scope[] {
  const reads = (organisation: string, project: string | null): boolean =>
    grants.some(
      (grant) =>
        grant.role === 'auditor' &&
        (grant.organisationId === null || grant.organisationId === organisation) &&
        (grant.projectId === null || grant.projectId === project),
    )
  return [
    ...(everywhere ? [{ value: '', label: all }] : []),
    ...places.flatMap(({ organisation, projects }) => [
      ...(reads(organisation.id, null)
        ? [{ value: `organisationId=${organisation.id}`, label: organisation.name }]
        : []),
      ...projects
        .filter(({ id }) => reads(organisation.id, id))
        .map(({ id, name }) => ({ value: `projectId=${id}`, label: `${organisation.name} / ${name}` })),
    ]),
  ]
}

function Log({ scopes }: { scopes: readonly Scope[] }) {
  const { t } = useTranslation()
  const [query, setQuery] = useState(scopes[0]?.value ?? '')
  const [offset, setOffset] = useState(0)
  const found = useQuery({
    queryKey: ['audit', query, offset],
    queryFn: () => call<Found>('GET', `/audit?${query}&offset=${offset}&limit=${page}`),
    placeholderData: keepPreviousData,
  })
  const save = useMutation({ mutationFn: () => download(`/audit/export?${query}`, 'audit.ndjson') })

  function filter(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const wanted = new URLSearchParams(String(data.get('scope')))
    for (const name of ['who', 'keyName', 'operation', 'only']) {
      const value = String(data.get(name) ?? '').trim()
      if (value !== '') wanted.set(name, value)
    }
    for (const name of ['from', 'to']) {
      const day = String(data.get(name) ?? '')
      if (day !== '') wanted.set(name, `${day}T00:00:00Z`)
    }
    setOffset(0)
    setQuery(wanted.toString())
  }

  const { number } = useFormats()
  const total = found.data?.totalCount ?? 0
  const { from, to: until, before, after } = pageAt({ search: '', offset, limit: page }, total)
  return (
    <Card
      title={t('console.audit.entries')}
      note={
        total === 0 ? undefined : (
          <button type="button" className="link" onClick={() => save.mutate()}>
            {found.data?.isMore
              ? t('console.audit.save-all')
              : t('console.audit.save', { number: number(total) })}
          </button>
        )
      }
    >
      <form className="filters" onSubmit={filter} aria-label={t('console.audit.filter')}>
        <Choice name="scope" label={t('console.audit.where')} options={scopes} />
        <Field
          name="who"
          label={t('console.audit.fact.identity')}
          placeholder={t('console.audit.part')}
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
        />
        <Field
          name="keyName"
          label={t('console.audit.fact.key-id')}
          placeholder={t('console.audit.part')}
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
        />
        <Choice
          name="only"
          label={t('console.audit.only')}
          options={[
            { value: '', label: t('console.audit.all-entries') },
            { value: 'changes', label: t('console.audit.changes') },
            { value: 'refusals', label: t('console.audit.refusals') },
          ]}
        />
        <Field name="operation" label={t('console.audit.operation')} placeholder="key.encrypt" dir="ltr" />
        <Field name="from" type="date" label={t('console.audit.from')} />
        <Field name="to" type="date" label={t('console.audit.until')} />
        <Button type="submit" size="3" variant="surface" color="gray" highContrast>
          {t('console.audit.filter')}
        </Button>
      </form>
      <Refused error={save.error} />
      <Asked query={found}>
        {({ entries, names }) =>
          entries.length === 0 ? (
            <p className="quiet">{t('console.audit.nothing')}</p>
          ) : (
            <ul className="log">
              {entries.map((placed) => (
                <Entry key={`${placed.writer}.${placed.seq}`} placed={placed} names={names} />
              ))}
            </ul>
          )
        }
      </Asked>
      <div className="actions" aria-live="polite">
        {total === 0 ? null : (
          <span className="quiet">
            {t(found.data?.isMore ? 'console.audit.range-more' : 'console.list.range', {
              from: number(from),
              to: number(until),
              total: number(total),
            })}
          </span>
        )}
        {before === null ? null : (
          <button type="button" className="link" onClick={() => setOffset(before)}>
            {t('console.audit.newer')}
          </button>
        )}
        {after === null ? null : (
          <button type="button" className="link" onClick={() => setOffset(after)}>
            {t('console.audit.older')}
          </button>
        )}
      </div>
      <CallSnippets method="GET" path={`/audit?${query}`} />
    </Card>
  )
}

/** How somebody came in, in one line: the kind of credential, and the factor that was shown. */
export function cameInBy({ credential = '', factor = '' }: Pick<AuditEntry, 'credential' | 'factor'>) {
  const [kind] = credential.split(':')
  const [way] = factor.split(':')
  return {
    credential: credentialKinds.find((one) => one === kind) ?? null,
    factor: way === '' ? null : (factorWays.find(({ of }) => of === way)?.word ?? null),
  }
}

const credentialKinds = [
  ...(['session', 'token', 'api-key', 'client-secret', 'certificate', 'password'] as const),
  ...(['provider', 'enrolment-code', 'setup-code', 'state-folder'] as const),
]
const factorWays = [
  { of: 'none', word: 'none' },
  { of: 'totp', word: 'app' },
  { of: 'step-up-totp', word: 'app' },
  { of: 'webauthn', word: 'security-key' },
  { of: 'step-up-webauthn', word: 'security-key' },
  { of: 'provider', word: 'provider' },
] as const

function Entry({
  placed: { writer, seq, hash, entry },
  names,
}: {
  placed: PlacedEntry
  names: Found['names']
}) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const cameBy = (by: AuditEntry): string => {
    const { credential, factor } = cameInBy(by)
    const said = [
      credential === null ? '' : t(`console.audit.by.${credential}`),
      factor === null ? '' : t(`console.audit.factors.${factor}`),
    ]
    return said.map((one) => (one === '' ? '' : `${one} · `)).join('')
  }
  if (entry === null)
    return (
      <li>
        <p className="quiet">{t('console.audit.dropped')}</p>
      </li>
    )
  const good = entry.outcome === 'ok'
  return (
    <li>
      <details>
        <summary>
          <span className="log-what">
            <Code>{entry.operation}</Code>
          </span>
          <span className="badge" data-tone={good ? 'good' : 'due'}>
            {good ? t('console.audit.ok') : <bdi dir="ltr">{entry.outcome.slice(0, 40)}</bdi>}
          </span>
          {entry.key === null ? null : <Rec>{names[entry.key] ?? entry.key}</Rec>}
          <span className="quiet">
            {entry.identity === null ? null : (
              <>
                <Rec>{names[entry.identity] ?? entry.identity}</Rec>
                {' · '}
                {cameBy(entry)}
              </>
            )}
            {time(entry.time)}
          </span>
        </summary>
        <dl className="facts">
          {(
            [
              ['identity', entry.identity],
              ['credential', entry.credential ?? null],
              ['factor', entry.factor ?? null],
              ['key-id', entry.key],
              ['door', entry.door],
              ['request', entry.reqId],
              ['place', `w=${writer}&s=${seq}`],
              ['hash', hash],
            ] as const
          ).map(([name, value]) =>
            value === null ? null : (
              <div key={name}>
                <dt>{t(`console.audit.fact.${name}`)}</dt>
                <dd>
                  {name === 'key-id' ? (
                    <a href={to('keys', value)}>
                      <Rec>{names[value] ?? value}</Rec>
                    </a>
                  ) : name === 'identity' && names[value] !== undefined ? (
                    <Rec>{names[value]}</Rec>
                  ) : null}
                  {name === 'door' ? (
                    <Rec>{value}</Rec>
                  ) : (
                    <CopyCode
                      value={value}
                      shown={name === 'place' ? `${writer.slice(0, 8)} · ${seq}` : value}
                    />
                  )}
                </dd>
              </div>
            ),
          )}
        </dl>
      </details>
    </li>
  )
}
