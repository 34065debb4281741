import { EmptyState, Icon, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import { has, keyStates, type Place, projectsAs, useKeys, usePerson, usePlaces } from '../api/queries.ts'
import type { Key, KeyVersion, ListedKey, Project } from '../api/types.ts'
import { Choice } from '../components/form.tsx'
import { PagedList, usePart } from '../components/list.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { to } from '../components/route.ts'
import { useFormats } from '../components/times.ts'
import { VersionLegend, VersionRow } from '../components/versions.tsx'
import { ImportNewKey } from './elsewhere/import-key.tsx'
import { NewKey } from './new-key.tsx'
import { useKeyPages } from './oversight/pages.ts'
import { useParents } from './places.tsx'

export function Keys() {
  const { t } = useTranslation()
  const places = usePlaces()
  const { grants } = usePerson()
  const makes = grants.filter(({ role }) => role === 'crypto-officer')
  const projects = projectsAs('crypto-officer', grants, places.data ?? [])
  const [making, setMaking] = useState<'new' | 'import' | null>(null)
  return (
    <Page
      title={t('console.keys.title')}
      lead={t('console.keys.lead')}
      beside={useKeyPages('keys')}
      badge={
        projects.length === 0 ? undefined : (
          <span className="actions">
            <Button size="3" onClick={() => setMaking('new')}>
              {t('console.keys.make')}
            </Button>
            <Button size="3" variant="surface" color="gray" highContrast onClick={() => setMaking('import')}>
              {t('console.import.open')}
            </Button>
          </span>
        )
      }
    >
      <Asked query={places}>
        {(found) => (
          <>
            {found.length === 0 ? <NoPlaces /> : null}
            {found.map((place) => (
              <KeyBranches key={place.organisation.id} place={place} />
            ))}
            {making === 'new' ? <NewKey projects={projects} onClose={() => setMaking(null)} /> : null}
            {making === 'import' ? (
              <ImportNewKey projects={projects} onClose={() => setMaking(null)} />
            ) : null}
          </>
        )}
      </Asked>
      {makes.length === 0 ? <p className="quiet">{t('console.keys.cannot-make')}</p> : null}
    </Page>
  )
}

function NoPlaces() {
  const { t } = useTranslation()
  return (
    <EmptyState
      icon="key"
      title={t('console.keys.none.title')}
      what={t('console.keys.none.what')}
      cost={t('console.keys.none.cost')}
    />
  )
}

/** One organisation's keys, as a tree under the keys that wrap them. */
export function KeyBranches({ place: { organisation, projects } }: { place: Place }) {
  const { t } = useTranslation()
  const parents = useParents(organisation.id).data
  return (
    <Card title={<Rec>{organisation.name}</Rec>} note={<VersionLegend />}>
      {projects.length === 0 ? (
        <EmptyState
          icon="key"
          title={t('console.keys.no-project.title')}
          what={t('console.keys.no-project.what')}
        />
      ) : (
        <ul className="tree" aria-label={t('console.keys.tree', { name: organisation.name })}>
          {parents === undefined ? null : (
            <>
              <Above
                name={t('console.keys.root')}
                note={t('console.keys.root-note')}
                versions={parents.roots}
              />
              <Above
                name={organisation.name}
                note={t('console.keys.organisation')}
                versions={parents.organisation}
                level="organisation"
              />
            </>
          )}
          {projects.map((project) => (
            <ProjectBranch
              key={project.id}
              project={project}
              versions={(parents?.projects ?? []).filter(({ projectId }) => projectId === project.id)}
            />
          ))}
        </ul>
      )}
    </Card>
  )
}

/** A key that wraps the keys below it. */
function Above({
  name,
  note,
  versions,
  level = 'root',
}: {
  name: string
  note: string
  versions: readonly KeyVersion[]
  level?: 'root' | 'organisation'
}) {
  return (
    <li>
      <div className="tree-row">
        <span className="tree-key" data-level={level}>
          <span className="tree-disc">
            <Icon name="key" size={16} />
          </span>
          <span>
            <span className="tree-name">
              <Rec>{name}</Rec>
            </span>
            <span className="tree-note">{note}</span>
          </span>
        </span>
        <span>
          <VersionRow versions={versions} />
        </span>
        <span className="tree-made">
          <MadeBy versions={versions} />
        </span>
      </div>
    </li>
  )
}

function ProjectBranch({ project, versions }: { project: Project; versions: readonly KeyVersion[] }) {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const here = grants.filter(
    ({ organisationId, projectId }) =>
      (organisationId === null || organisationId === project.organisationId) &&
      (projectId === null || projectId === project.id),
  )
  const reads = has(here, 'crypto-officer', 'user', 'service', 'auditor')
  return (
    <li>
      <div className="tree-row">
        <span className="tree-key" data-level="project">
          <span className="tree-disc">
            <Icon name="shield" size={16} />
          </span>
          <span>
            <span className="tree-name">
              <Rec>{project.name}</Rec>
            </span>
            <span className="tree-note">{t('console.keys.project')}</span>
          </span>
        </span>
        <span>
          <VersionRow versions={versions} />
        </span>
        <span className="tree-made">
          <MadeBy versions={versions} />
        </span>
      </div>
      {reads ? (
        <ProjectKeys project={project} />
      ) : (
        <p className="tree-empty">{t('console.keys.not-yours')}</p>
      )}
    </li>
  )
}

function ProjectKeys({ project }: { project: Project }) {
  const { t } = useTranslation()
  const [part, setPart] = usePart()
  const [state, setState] = useState('')
  const keys = useKeys(project.id, part, state === '' ? {} : { state })
  const { number } = useFormats()
  return (
    <Asked query={keys}>
      {({ keys: found, totalCount, counts }) => (
        <PagedList
          part={part}
          total={totalCount}
          onPart={setPart}
          filters={state !== ''}
          choices={
            counts.any <= part.limit && counts.due === 0 ? undefined : (
              <Choice
                label={t('console.keys.state')}
                value={state}
                onChange={(wanted) => {
                  setState(wanted)
                  setPart({ ...part, offset: 0 })
                }}
                options={keyStates.map((one) => ({
                  value: one === 'any' ? '' : one,
                  label: t('console.keys.counted', {
                    state: t(`console.keys.states.${one}`),
                    number: number(counts[one]),
                  }),
                }))}
              />
            )
          }
          empty={<p className="tree-empty">{t('console.keys.empty-project')}</p>}
        >
          <KeyRows keys={found} />
        </PagedList>
      )}
    </Asked>
  )
}

function KeyRows({ keys }: { keys: readonly ListedKey[] }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const versions = useQueries({
    queries: keys.map(({ id }) => ({
      queryKey: ['versions', id],
      queryFn: async () =>
        (await call<{ versions: KeyVersion[] }>('GET', `/kms/keys/${id}/versions`)).versions,
      staleTime: 30_000,
    })),
  })
  return (
    <ul>
      {keys.map((key, at) => {
        const its = versions[at]?.data
        return (
          <li key={key.id}>
            <div className="tree-row">
              <span className="tree-key" data-level="key">
                <span className="tree-disc">
                  <Icon name="key" size={16} />
                </span>
                <span>
                  <a className="tree-name" href={to('keys', key.id)}>
                    <Rec>{key.name}</Rec>
                  </a>
                  <span className="tree-note">
                    {t(`console.algorithm.${key.algorithm}`)}
                    {' · '}
                    {key.lastUsed === null
                      ? t('console.keys.never-used')
                      : t('console.keys.last-used', { date: date(key.lastUsed) })}
                  </span>
                </span>
              </span>
              <span>{its === undefined || its.length === 0 ? null : <VersionRow versions={its} />}</span>
              <span className="tree-made">{its === undefined ? null : <MadeBy versions={its} />}</span>
              <span className="tree-state">
                <KeyBadge shown={key} date={date} />
              </span>
            </div>
          </li>
        )
      })}
    </ul>
  )
}

/** The origin of the newest version. */
function MadeBy({ versions }: { versions: readonly KeyVersion[] }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const newest = versions.toSorted((one, other) => other.version - one.version)[0]
  if (newest === undefined) return null
  return t(`console.made.${newest.origin}`, { date: date(newest.createdAt) })
}

/** A warning about the key, such as a scheduled deletion. Nothing where all is well. */
export function KeyBadge({ shown, date }: { shown: Key; date: (iso: string) => string }) {
  const { t } = useTranslation()
  if (shown.deletionDate !== null)
    return (
      <span className="badge" data-tone="bad">
        {t('console.badge.deletion', { date: date(shown.deletionDate) })}
      </span>
    )
  if (shown.isDisabled)
    return (
      <span className="badge" data-tone="quiet">
        {t('console.badge.disabled')}
      </span>
    )
  if (shown.state === 'awaiting-ceremony')
    return (
      <span className="badge" data-tone="due">
        {t('console.badge.awaiting')}
      </span>
    )
  if (shown.nextRotation !== null)
    return (
      <span className="badge" data-tone="due">
        {t('console.badge.rotates', { date: date(shown.nextRotation) })}
      </span>
    )
  return null
}
