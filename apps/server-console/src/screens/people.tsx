import { EmptyState, PersonChip, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { roles } from '../api/limits.ts'
import { type Filters, has, type Place, useIdentities, usePerson, usePlaces } from '../api/queries.ts'
import type { Identity, ListedIdentity } from '../api/types.ts'
import { Choice } from '../components/form.tsx'
import { PagedList, usePart } from '../components/list.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { useRoleSentence } from '../components/role-sentence.tsx'
import { to } from '../components/route.ts'
import { CallSnippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'
import { ManageIdentity } from './identity.tsx'
import { NewIdentity } from './new-identity.tsx'
import { usePeoplePages } from './oversight/pages.ts'

/** All people and services, and what each may do, in sentences. */
export function People() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  const [making, setMaking] = useState<'person' | 'service' | null>(null)
  const appoints = has(grants, 'server-admin', 'organisation-admin')
  return (
    <Page
      title={t('console.people.title')}
      lead={t('console.people.lead')}
      beside={usePeoplePages('all')}
      badge={
        appoints ? (
          <span className="actions">
            <Button size="3" onClick={() => setMaking('person')}>
              {t('console.people.invite')}
            </Button>
            <Button size="3" variant="surface" color="gray" highContrast onClick={() => setMaking('service')}>
              {t('console.people.make-service')}
            </Button>
          </span>
        ) : undefined
      }
    >
      {appoints ? (
        <div className="pair-columns">
          {(['person', 'service'] as const).map((kind) => (
            <Listed key={kind} kind={kind} places={places.data ?? []} />
          ))}
        </div>
      ) : (
        <Own />
      )}
      {appoints ? <CallSnippets method="GET" path="/identities" /> : null}
      {making === null || places.data === undefined ? null : (
        <NewIdentity kind={making} places={places.data} onClose={() => setMaking(null)} />
      )}
    </Page>
  )
}

/** The people or the services, in pages. */
function Listed({ kind, places }: { kind: Identity['kind']; places: readonly Place[] }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const { id: self } = usePerson()
  const [part, setPart] = usePart()
  const [filters, setFilters] = useState<Filters>({})
  const [openId, setOpenId] = useState<string | null>(null)
  const found = useIdentities(kind, part, true, filters)
  const open = found.data?.identities.find(({ id }) => id === openId)
  const filtered = Object.values(filters).some((value) => value !== '')
  const narrow = (more: Filters): void => {
    setFilters({ ...filters, ...more })
    setPart({ ...part, offset: 0 })
  }
  const { allCount = 0, withoutFactor = 0 } = found.data ?? {}
  return (
    <Card
      title={t(`console.people.kind.${kind}`)}
      note={
        found.data === undefined
          ? undefined
          : withoutFactor === 0
            ? number(allCount)
            : t('console.people.without-factor', { total: number(allCount), count: withoutFactor })
      }
    >
      <Asked query={found}>
        {({ identities, totalCount }) => (
          <PagedList
            part={part}
            total={totalCount}
            onPart={setPart}
            filters={filtered}
            choices={
              allCount > part.limit || filtered ? (
                <Narrowed kind={kind} places={places} filters={filters} onNarrow={narrow} />
              ) : undefined
            }
            empty={
              <EmptyState
                icon="holders"
                title={t(`console.people.none.${kind}`)}
                what={t(`console.people.none-what.${kind}`)}
              />
            }
          >
            <ul className="version-list">
              {identities.map((one) => (
                <Row key={one.id} shown={one} self={one.id === self} onOpen={() => setOpenId(one.id)} />
              ))}
            </ul>
          </PagedList>
        )}
      </Asked>
      {open === undefined ? null : <ManageIdentity shown={open} onClose={() => setOpenId(null)} />}
    </Card>
  )
}

const unseen = ['', '30', '90', '365'] as const
const orders = ['name', 'createdAt', 'lastSeen'] as const

/** What narrows a list of people or services, and its order: the server does all of it. */
function Narrowed({
  kind,
  places,
  filters,
  onNarrow,
}: {
  kind: Identity['kind']
  places: readonly Place[]
  filters: Filters
  onNarrow: (more: Filters) => void
}) {
  const { t } = useTranslation()
  const any = { value: '', label: t('console.audit.any') }
  const choice = (name: string, label: string, options: readonly { value: string; label: string }[]) => (
    <Choice
      label={label}
      value={filters[name] ?? ''}
      onChange={(value) => onNarrow({ [name]: value })}
      options={options}
    />
  )
  return (
    <div className="filters">
      <Choice
        label={t('console.new-identity.where')}
        value={filters.where ?? ''}
        onChange={(where) => onNarrow({ where })}
        options={[
          any,
          ...places.flatMap(({ organisation, projects }) => [
            { value: organisation.id, label: organisation.name },
            ...projects.map(({ id, name }) => ({ value: id, label: `${organisation.name} / ${name}` })),
          ]),
        ]}
      />
      {choice('role', t('console.identity.role'), [
        any,
        ...roles.map((role) => ({ value: role, label: t(`console.role.${role}`) })),
      ])}
      {kind === 'person'
        ? choice('factor', t('console.audit.fact.factor'), [
            any,
            ...(['none', 'app', 'security-key'] as const).map((factor) => ({
              value: factor,
              label: t(`console.people.factor.${factor}`),
            })),
          ])
        : null}
      {choice(
        'unseenDays',
        t('console.people.last-seen'),
        unseen.map((days) => ({
          value: days,
          label: days === '' ? t('console.audit.any') : t('console.people.unseen', { count: Number(days) }),
        })),
      )}
      {choice(
        'orderBy',
        t('console.people.order'),
        orders.map((order) => ({
          value: order === 'name' ? '' : order,
          label: t(`console.people.orders.${order}`),
        })),
      )}
    </div>
  )
}

function Row({ shown, self, onOpen }: { shown: ListedIdentity; self: boolean; onOpen: () => void }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const sentence = useRoleSentence()
  return (
    <li>
      <span className="version-text">
        <PersonChip
          name={shown.name}
          presence={shown.revokedAt !== null ? 'absent' : shown.invited ? 'expected' : 'here'}
          {...(shown.username === null ? {} : { note: shown.username })}
        />
        <ul className="sentences">
          {shown.grants.map((grant) => (
            <li key={`${grant.role}${grant.organisationId}${grant.projectId}`}>{sentence(grant)}</li>
          ))}
        </ul>
        <span className="quiet">
          {shown.factor === null || shown.factor === 'none' ? null : (
            <>
              {t(`console.people.factor.${shown.factor}`)}
              {' · '}
            </>
          )}
          {shown.lastSeen === null
            ? t('console.people.never-seen')
            : t('console.people.seen', { date: date(shown.lastSeen) })}
        </span>
        <span className="actions">
          {self ? (
            <span className="badge" data-tone="quiet">
              {t('console.people.you')}
            </span>
          ) : null}
          {shown.revokedAt !== null ? (
            <span className="badge" data-tone="bad">
              {t('console.people.revoked')}
            </span>
          ) : shown.invited ? (
            <span className="badge" data-tone="due">
              {t('console.people.invited')}
            </span>
          ) : shown.factor === 'none' ? (
            <span className="badge" data-tone="due">
              {t('console.people.factor.none')}
            </span>
          ) : null}
        </span>
      </span>
      {shown.revokedAt === null ? (
        <button type="button" className="link" onClick={onOpen}>
          {t('console.people.manage')}
          <span className="visually-hidden">
            <Rec>{shown.name}</Rec>
          </span>
        </button>
      ) : null}
    </li>
  )
}

/** Somebody who may not give roles sees here where to find their own. */
function Own() {
  const { t } = useTranslation()
  return (
    <EmptyState
      icon="holders"
      title={t('console.people.no-role')}
      what={t('console.people.own-what')}
      action={<a href={to('account')}>{t('console.account.title')}</a>}
    />
  )
}
