import { EmptyState, PersonChip, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { has, useIdentities, usePerson, usePlaces } from '../api/queries.ts'
import type { Identity } from '../api/types.ts'
import { PagedList, usePart } from '../components/list.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { useRoleSentence } from '../components/role-sentence.tsx'
import { to } from '../components/route.ts'
import { CallSnippets } from '../components/snippets.tsx'
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
            <Listed key={kind} kind={kind} />
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
function Listed({ kind }: { kind: Identity['kind'] }) {
  const { t } = useTranslation()
  const { id: self } = usePerson()
  const [part, setPart] = usePart()
  const [openId, setOpenId] = useState<string | null>(null)
  const found = useIdentities(kind, part)
  const open = found.data?.identities.find(({ id }) => id === openId)
  return (
    <Card title={t(`console.people.kind.${kind}`)}>
      <Asked query={found}>
        {({ identities, totalCount }) => (
          <PagedList
            part={part}
            total={totalCount}
            onPart={setPart}
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

function Row({ shown, self, onOpen }: { shown: Identity; self: boolean; onOpen: () => void }) {
  const { t } = useTranslation()
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
