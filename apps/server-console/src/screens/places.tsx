import { EmptyState, FailureNotice, Rec } from '@lux/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom } from '../api/client.ts'
import { has, type Place, readsOrganisation, usePerson, usePlaces } from '../api/queries.ts'
import type { KeyVersion, Parents } from '../api/types.ts'
import { CopyCode } from '../components/copy.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field, Form } from '../components/form.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { CallSnippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'
import { VersionRow } from '../components/versions.tsx'

/** Organisations and their projects. */
export function Places() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  return (
    <Page title={t('console.places.title')} lead={t('console.places.lead')}>
      <Asked query={places}>
        {(found) => (
          <>
            {found.length === 0 ? (
              <EmptyState
                icon="shield"
                title={t('console.keys.none.title')}
                what={t('console.keys.none.what')}
              />
            ) : null}
            {found.map((place) => (
              <OnePlace key={place.organisation.id} place={place} />
            ))}
          </>
        )}
      </Asked>
      {has(grants, 'server-admin') ? <NewOrganisation /> : null}
    </Page>
  )
}

export function useParents(organisation: string) {
  const { grants } = usePerson()
  return useQuery({
    queryKey: ['parents', organisation],
    queryFn: () => call<Parents>('GET', `/organisations/${organisation}/parents`),
    enabled: readsOrganisation(grants, organisation),
    staleTime: 60_000,
  })
}

function OnePlace({ place: { organisation, projects } }: { place: Place }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { grants } = usePerson()
  const parents = useParents(organisation.id)
  const admin = grants.some(
    ({ role, organisationId }) => role === 'organisation-admin' && organisationId === organisation.id,
  )
  const rotates = (project: string | null): boolean =>
    grants.some(
      ({ role, organisationId, projectId }) =>
        (role === 'crypto-officer' || role === 'organisation-admin') &&
        organisationId === organisation.id &&
        (projectId === null || projectId === project),
    )
  return (
    <Card
      title={<Rec>{organisation.name}</Rec>}
      note={
        organisation.createdAt === ''
          ? undefined
          : t('console.places.since', { date: date(organisation.createdAt) })
      }
    >
      {organisation.ceremonyOnly ? <p className="quiet">{t('console.places.ceremony-only')}</p> : null}
      {parents.isError ? (
        <FailureNotice failure={failureFrom(parents.error)} onRetry={() => void parents.refetch()} />
      ) : null}
      <ul className="version-list">
        <li>
          <span className="version-text">
            <strong>{t('console.places.own-key')}</strong>
            <CopyCode value={organisation.id} />
            <Origin versions={parents.data?.organisation ?? []} />
          </span>
          <VersionRow versions={parents.data?.organisation ?? []} />
          {rotates(null) ? (
            <Rotate
              what={organisation.name}
              path={`/organisations/${organisation.id}`}
              organisation={organisation.id}
            />
          ) : null}
        </li>
        {projects.map(({ id, name }) => {
          const its = (parents.data?.projects ?? []).filter(({ projectId }) => projectId === id)
          return (
            <li key={id}>
              <span className="version-text">
                <strong>
                  <Rec>{name}</Rec>
                </strong>
                <CopyCode value={id} />
                <Origin versions={its} />
              </span>
              <VersionRow versions={its} />
              {rotates(id) ? (
                <Rotate what={name} path={`/projects/${id}`} organisation={organisation.id} />
              ) : null}
            </li>
          )
        })}
      </ul>
      {projects.length === 0 ? <p className="quiet">{t('console.keys.no-project.what')}</p> : null}
      {admin && !organisation.ceremonyOnly ? <NewProject organisation={organisation.id} /> : null}
    </Card>
  )
}

type Rotation = { readonly version: number; readonly moved: number; readonly remaining: number }

/** Rotates a key that wraps others. The keys below move to the new version while the server goes on serving. */
function Rotate({ what, path, organisation }: { what: string; path: string; organisation: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const work = useMutation({
    mutationFn: async () => (await call<{ rotation: Rotation }>('POST', `${path}/rotate-kek`)).rotation,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['parents', organisation] }),
  })
  const done = work.data
  return (
    <>
      <button type="button" className="link" onClick={() => setAsking(true)}>
        {t('console.places.rotate')}
        <span className="visually-hidden">
          <Rec>{what}</Rec>
        </span>
      </button>
      {asking ? (
        <Dialog
          title={t('console.places.rotate-title', { name: what })}
          onClose={() => {
            setAsking(false)
            work.reset()
          }}
        >
          {done === undefined ? (
            <Form work={work} submit={t('console.places.rotate-submit')} onSubmit={() => work.mutate()}>
              <p>{t('console.places.rotate-what')}</p>
            </Form>
          ) : (
            <p role="alert">
              {t('console.places.rotated', {
                version: done.version,
                moved: done.moved,
                remaining: done.remaining,
              })}
            </p>
          )}
          <CallSnippets method="POST" path={`${path}/rotate-kek`} />
        </Dialog>
      ) : null}
    </>
  )
}

function Origin({ versions }: { versions: readonly KeyVersion[] }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const newest = versions.at(-1)
  if (newest === undefined) return null
  return (
    <span className="quiet">{t(`console.origin.${newest.origin}`, { time: time(newest.createdAt) })}</span>
  )
}

function NewProject({ organisation }: { organisation: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const work = useMutation({
    mutationFn: (name: string) => call<unknown>('POST', '/projects', { organisationId: organisation, name }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['places'] })
      await queries.invalidateQueries({ queryKey: ['parents', organisation] })
    },
  })
  const body = { organisationId: organisation, name: 'Shop' }
  return (
    <>
      <Form
        work={work}
        plain
        submit={t('console.places.make-project')}
        onSubmit={({ text }) => work.mutate(text('name').trim())}
      >
        <Field
          name="name"
          label={t('console.places.project-name')}
          required
          maxLength={64}
          autoComplete="off"
        />
      </Form>
      <CallSnippets method="POST" path="/projects" body={body} />
    </>
  )
}

function NewOrganisation() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const work = useMutation({
    mutationFn: (name: string) => call<unknown>('POST', '/organisations', { name }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['places'] }),
  })
  const body = { name: 'Meridian' }
  return (
    <Card title={t('console.places.new')}>
      <Form
        work={work}
        plain
        submit={t('console.places.make')}
        onSubmit={({ text }) => work.mutate(text('name').trim())}
      >
        <p className="quiet">{t('console.places.new-what')}</p>
        <Field name="name" label={t('console.places.name')} required maxLength={64} autoComplete="off" />
      </Form>
      <CallSnippets method="POST" path="/organisations" body={body} />
    </Card>
  )
}
