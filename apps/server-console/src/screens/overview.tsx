import { Icon, Rec } from '@lux/ui'
import { useQueries, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useApprovals, waitsFor } from '../api/approvals.ts'
import { type Readiness, readiness } from '../api/client.ts'
import { has, type Keys, keysOf, useIdentities, usePerson, usePlaces } from '../api/queries.ts'
import type { Key } from '../api/types.ts'
import { Asked, Card, Page } from '../components/page.tsx'
import { to } from '../components/route.ts'
import { useFormats } from '../components/times.ts'
import { AuditChain } from './audit-chain.tsx'
import { KeyBadge, KeyBranches } from './keys.tsx'
import { useRequestTitle } from './oversight/approvals.tsx'
import { type Sight, stepsOf } from './steps.ts'

/** Of each project; all of them are on the page of keys. */
const mostDue = 10

export function Overview() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  const reads = has(grants, 'crypto-officer', 'user', 'service', 'auditor')
  const projects = (places.data ?? []).flatMap((place) => place.projects)
  const lists = useQueries({
    queries: (reads ? projects : []).map(({ id }) => ({
      queryKey: ['keys', id, 'due'],
      queryFn: () => keysOf(id, { search: '', offset: 0, limit: mostDue }, { state: 'due' }),
      retry: false,
    })),
  })
  const known = reads && places.data !== undefined && lists.every(({ isPending }) => !isPending)
  const found = lists.flatMap(({ data }) => data ?? [])
  const sum = (of: (one: Keys) => number): number => found.reduce((all, one) => all + of(one), 0)
  const serving = sum(({ counts }) => counts.serving)
  const anyKeys = sum(({ counts }) => counts.any)
  const appoints = has(grants, 'server-admin', 'organisation-admin')
  const people = useIdentities('person', { search: '', offset: 0, limit: 1 }, appoints)
  const ready = useQuery({ queryKey: ['readiness'], queryFn: readiness, refetchInterval: 15_000 })
  const isReady = ready.data?.code === null
  const audits = grants.some(({ role, organisationId }) => role === 'auditor' && organisationId === null)
  return (
    <Page
      title={
        ready.data === undefined
          ? t(ready.isError ? 'console.overview.not-ready' : 'console.overview.asks')
          : isReady
            ? known
              ? t('console.overview.ready', { count: serving })
              : t('console.overview.is-ready')
            : t('console.overview.not-ready')
      }
      lead={t('console.overview.lead')}
      badge={
        isReady ? (
          <span className="badge" data-tone="good">
            <Icon name="check" size={14} />
            {t('console.overview.is-ready')}
          </span>
        ) : undefined
      }
    >
      <div className="columns">
        <div className="column">
          {anyKeys === 0
            ? null
            : (places.data ?? []).map((place) => <KeyBranches key={place.organisation.id} place={place} />)}
          <Waiting />
          <Due keys={found.flatMap(({ keys }) => keys)} total={sum(({ totalCount }) => totalCount)} />
          {places.data === undefined ? null : (
            <Next
              sight={{
                organisations: places.data.length,
                projects: projects.length,
                people: people.data?.totalCount ?? null,
                keys: known ? anyKeys : null,
              }}
            />
          )}
        </div>
        <div className="column">
          {audits ? <AuditChain /> : null}
          <Card title={t('console.overview.readiness')}>
            <Asked query={ready}>{(found) => <Checks of={found} />}</Asked>
          </Card>
        </div>
      </div>
    </Page>
  )
}

function Checks({ of: { red, root, took, apart } }: { of: Readiness }) {
  const { t } = useTranslation()
  return (
    <ul className="checks">
      <Check good={red.root === undefined} name={t('console.overview.token')}>
        {red.root === undefined
          ? t(`console.overview.root.${root}`)
          : red.root === 'TOKEN-PIN'
            ? t('console.overview.sealed')
            : red.root}
      </Check>
      <Check good={red.database === undefined} name={t('console.overview.database')}>
        {red.database === undefined
          ? t('console.overview.answers', { count: took })
          : red.database === 'DATABASE-UNAVAILABLE'
            ? t('console.overview.no-answer')
            : red.database}
      </Check>
      {(['audit', 'disk'] as const).map((part) =>
        red[part] === undefined ? null : (
          <Check key={part} good={false} name={t(`console.overview.${part}`)}>
            {red[part]}
          </Check>
        ),
      )}
      <Check good={Math.abs(apart) < 30 && red.clock === undefined} name={t('console.overview.clock')}>
        {t('console.overview.apart', { count: Math.abs(apart) })}
      </Check>
    </ul>
  )
}

function Check({ good, name, children }: { good: boolean; name: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <li>
      <span className="state-disc" data-tone={good ? 'good-soft' : 'due'}>
        <Icon name={good ? 'check' : 'alert'} size={14} />
      </span>
      <strong>{name}</strong>
      <span className="visually-hidden">
        {good ? t('console.overview.good') : t('console.overview.look')}
      </span>
      <span className="quiet">{children}</span>
    </li>
  )
}

/** What to do first, and who can do it. */
function Next({ sight }: { sight: Sight }) {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const steps = stepsOf(grants, sight)
  return (
    <Card title={t('console.overview.way')}>
      <ol className="way">
        {steps.map(({ id, done, href, mine }, at) => (
          <li key={id} data-done={done === true ? '' : undefined}>
            <span className="way-number" aria-hidden="true">
              {done ? <Icon name="check" size={14} /> : at + 1}
            </span>
            <span className="version-text">
              <strong>
                {mine ? <a href={href}>{t(`console.way.${id}.title`)}</a> : t(`console.way.${id}.title`)}
              </strong>
              <span className="quiet">
                {done === true
                  ? t('console.way.done')
                  : done === null && !mine
                    ? t('console.way.unseen')
                    : mine
                      ? t(`console.way.${id}.what`)
                      : t(`console.way.${id}.who`)}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}

/** Requests that this person's own decision ends. */
function Waiting() {
  const { t } = useTranslation()
  const { id: self } = usePerson()
  const title = useRequestTitle()
  const waiting = (useApprovals().data ?? []).filter((one) => waitsFor(one, self))
  if (waiting.length === 0) return null
  return (
    <Card title={t('console.overview.waits')}>
      <ul className="rows">
        {waiting.map((one) => (
          <li key={one.id}>
            <a href={to('requests', 'approvals')}>{title(one)}</a>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** Keys that need attention, or that somebody ended: the first of each project. */
function Due({ keys: due, total }: { keys: readonly Key[]; total: number }) {
  const { t } = useTranslation()
  const { date, number } = useFormats()
  if (due.length === 0) return null
  return (
    <Card
      title={t('console.overview.due')}
      note={
        total > due.length
          ? t('console.list.range', { from: 1, to: number(due.length), total: number(total) })
          : undefined
      }
    >
      <ul className="rows">
        {due.map((key) => (
          <li key={key.id}>
            <a href={to('keys', key.id)}>
              <Rec>{key.name}</Rec>
            </a>
            <KeyBadge shown={key} date={date} />
          </li>
        ))}
      </ul>
    </Card>
  )
}
