import { EmptyState, PersonChip, Rec } from '@lux/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/client.ts'
import type { Role } from '../../api/limits.ts'
import { usePerson, usePlaces } from '../../api/queries.ts'
import type { Conditions } from '../../api/types.ts'
import { CopyCode } from '../../components/copy.tsx'
import { Choice, Form, Refused, Tick } from '../../components/form.tsx'
import { PagedList, usePart } from '../../components/list.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { useRoleSentence } from '../../components/role-sentence.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'
import { useTakeRole } from '../identity-roles.tsx'
import { usePeoplePages } from './pages.ts'

type Access = {
  readonly identityId: string
  readonly name: string
  readonly username: string | null
  readonly invited: boolean
  readonly lastUse: string | null
  readonly roles: readonly {
    readonly role: Role
    readonly projectId: string | null
    readonly projectName: string | null
    readonly conditions: Conditions | null
  }[]
}
type Review = {
  readonly payload: {
    readonly id: string
    readonly time: string
    readonly identities: number
    readonly roles: number
    readonly access: string
  }
}
type Spot = { readonly id: string; readonly name: string | null }

/** The access review: an administrator looks at who may do what, and signs it. */
export function AccessReview() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  const [chosen, setChosen] = useState('')
  const everywhere = grants.some(({ role }) => role === 'server-admin')
  return (
    <Page title={t('console.review.title')} lead={t('console.review.lead')} beside={usePeoplePages('review')}>
      <Asked query={places}>
        {(found) => {
          const own = found.filter(
            ({ organisation: { id } }) =>
              everywhere ||
              grants.some(
                ({ role, organisationId }) => role === 'organisation-admin' && organisationId === id,
              ),
          )
          const spots: readonly Spot[] = [
            ...own.map(({ organisation: { id, name } }) => ({ id, name })),
            ...(everywhere ? [{ id: '', name: null }] : []),
          ]
          const spot = spots.find(({ id }) => id === chosen) ?? spots[0]
          if (spot === undefined)
            return (
              <EmptyState
                icon="holders"
                title={t('console.review.no-role')}
                what={t('console.review.no-role-what')}
              />
            )
          return (
            <>
              <div className="form">
                <Choice
                  label={t('console.new-identity.where')}
                  value={spot.id}
                  onChange={setChosen}
                  options={spots.map(({ id, name }) => ({
                    value: id,
                    label: name ?? t('console.new-identity.everywhere'),
                  }))}
                />
              </div>
              <OfSpot key={spot.id} spot={spot} />
            </>
          )
        }}
      </Asked>
    </Page>
  )
}

const queryOf = (spot: Spot): string => (spot.id === '' ? '' : `?organisationId=${spot.id}`)

function OfSpot({ spot }: { spot: Spot }) {
  return (
    <div className="columns">
      <div className="column">
        <PresentAccess spot={spot} />
      </div>
      <div className="column">
        <PastReviews spot={spot} />
      </div>
    </div>
  )
}

/** Who may do what now, with the button that signs it off. */
function PresentAccess({ spot }: { spot: Spot }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const take = useTakeRole()
  const [part, setPart] = usePart()
  const [before, setBefore] = useState<Seen>({ digest: '', ids: new Set() })
  const organisation = spot.id === '' ? {} : { organisationId: spot.id }
  const found = useQuery({
    queryKey: ['access', spot.id],
    queryFn: () => call<{ access: readonly Access[]; digest: string }>('GET', `/access${queryOf(spot)}`),
    // Reading it again unasked would change what is signed off under the reader's eyes.
    staleTime: Number.POSITIVE_INFINITY,
  })
  const sign = useMutation({
    mutationFn: (digest: string) => call<unknown>('POST', '/access-reviews', { ...organisation, digest }),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['access', spot.id] })
      await queries.invalidateQueries({ queryKey: ['access-reviews', spot.id] })
    },
  })
  const fitting = fittingIn(found.data?.access ?? [], part.search)
  const shown = fitting.slice(part.offset, part.offset + part.limit)
  const seen = seenWith(before, found.data?.digest ?? '', shown)
  if (seen !== before) setBefore(seen)
  return (
    <Asked query={found}>
      {({ access, digest }) => {
        return (
          <Card title={t('console.review.who', { count: access.length })}>
            <PagedList part={part} total={fitting.length} onPart={setPart} empty={null}>
              <ul className="version-list">
                {shown.map((one) => (
                  <AccessLine key={one.identityId} one={one} spot={spot} onTake={take.mutate} />
                ))}
              </ul>
            </PagedList>
            <Refused error={take.error} />
            {seen.ids.size < access.length ? (
              <p className="quiet">{t('console.review.seen', { seen: seen.ids.size, all: access.length })}</p>
            ) : part.search === '' ? (
              <Form work={sign} submit={t('console.review.sign')} onSubmit={() => sign.mutate(digest)}>
                <Tick name="looked" required label={t('console.review.looked')} />
              </Form>
            ) : (
              <p className="quiet">{t('console.review.whole')}</p>
            )}
            <CallSnippets method="POST" path="/access-reviews" body={{ ...organisation, digest }} />
          </Card>
        )
      }}
    </Asked>
  )
}

/** Whom a reviewer was shown of the list with this digest. */
export type Seen = { readonly digest: string; readonly ids: ReadonlySet<string> }

/** Nobody signs for lines that were on no page that he opened. Another list is looked at anew. */
export function seenWith(before: Seen, digest: string, shown: readonly Pick<Access, 'identityId'>[]): Seen {
  const known = before.digest === digest ? before.ids : new Set<string>()
  const fresh = shown.some(({ identityId }) => !known.has(identityId))
  return before.digest === digest && !fresh
    ? before
    : { digest, ids: new Set([...known, ...shown.map(({ identityId }) => identityId)]) }
}

/** Those with this part of a name or username, or with such a role. */
export function fittingIn<T extends Pick<Access, 'name' | 'username' | 'roles'>>(
  access: readonly T[],
  search: string,
): readonly T[] {
  const wanted = search.toLowerCase()
  return access.filter(({ name, username, roles }) =>
    [name, username ?? '', ...roles.map(({ role }) => role)].some((one) =>
      one.toLowerCase().includes(wanted),
    ),
  )
}

function AccessLine({
  one,
  spot,
  onTake,
}: {
  one: Access
  spot: Spot
  onTake: ReturnType<typeof useTakeRole>['mutate']
}) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const sentence = useRoleSentence()
  const at = { organisationId: spot.id === '' ? null : spot.id, organisationName: spot.name }
  return (
    <li>
      <span className="version-text">
        <PersonChip
          name={one.name}
          presence={one.invited ? 'expected' : 'here'}
          {...(one.username === null ? {} : { note: one.username })}
        />
        <ul className="sentences">
          {one.roles.map((role) => (
            <li key={`${role.role}${role.projectId}`}>
              {sentence({ ...role, ...at })}
              {one.roles.length === 1 ? null : (
                <button
                  type="button"
                  className="link"
                  data-tone="bad"
                  onClick={() => onTake({ identityId: one.identityId, grant: { ...role, ...at } })}
                >
                  {t('console.identity.take')}
                  <span className="visually-hidden">{t(`console.role.${role.role}`)}</span>
                </button>
              )}
            </li>
          ))}
        </ul>
        {one.invited ? (
          <span className="actions">
            <span className="badge" data-tone="due">
              {t('console.people.invited')}
            </span>
          </span>
        ) : null}
        <span className="quiet">
          {one.lastUse === null
            ? t('console.review.never')
            : t('console.review.last', { time: time(one.lastUse) })}
        </span>
      </span>
    </li>
  )
}

function PastReviews({ spot }: { spot: Spot }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const reviews = useQuery({
    queryKey: ['access-reviews', spot.id],
    queryFn: async () =>
      (await call<{ reviews: readonly Review[] }>('GET', `/access-reviews${queryOf(spot)}`)).reviews,
  })
  return (
    <Card title={t('console.review.before')}>
      <Asked query={reviews}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon="transcript"
              title={t('console.review.none.title')}
              what={t('console.review.none.what')}
              cost={t('console.review.none.cost')}
            />
          ) : (
            <ul className="version-list">
              {all.map(({ payload }) => (
                <li key={payload.id}>
                  <span className="version-text">
                    <strong>{time(payload.time)}</strong>
                    <span className="quiet">
                      {t('console.review.counted', {
                        identities: payload.identities,
                        roles: payload.roles,
                      })}
                    </span>
                    <CopyCode value={payload.access} shown={`${payload.access.slice(0, 16)} …`} />
                  </span>
                  <span className="badge" data-tone="good">
                    {t('console.review.signed')}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
      {spot.name === null ? null : (
        <p className="quiet">
          <Rec>{spot.name}</Rec>
        </p>
      )}
    </Card>
  )
}
