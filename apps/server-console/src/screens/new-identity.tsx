import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import type { Role } from '../api/limits.ts'
import { has, type Place, usePerson } from '../api/queries.ts'
import type { Enrolment, Grant } from '../api/types.ts'
import { Secret, Value } from '../components/copy.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Field, type Fields, Form, Tick } from '../components/form.tsx'
import { useRoleSentence } from '../components/role-sentence.tsx'
import { CallSnippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'
import { ConditionFields, conditionsOf } from './conditions.tsx'

type Spot = {
  readonly value: string
  readonly organisation: string | null
  readonly project: string | null
  readonly label: string
}
type Made =
  | { readonly enrolment: Enrolment }
  | { readonly identity: { readonly clientId: string; readonly clientSecret: string } }

/** The roles that a person with these grants may give in a place. The server decides again. */
export function rolesFor(grants: readonly Grant[], spot: Spot, kind: 'person' | 'service'): readonly Role[] {
  if (spot.organisation === null)
    return kind === 'person' ? ['server-admin', 'operator', 'auditor'] : ['operator', 'auditor']
  const admin = grants.some(
    ({ role, organisationId }) => role === 'organisation-admin' && organisationId === spot.organisation,
  )
  const top = has(grants, 'server-admin') && spot.project === null && kind === 'person'
  return [
    ...(top || (admin && spot.project === null && kind === 'person')
      ? (['organisation-admin'] as const)
      : []),
    ...(admin
      ? kind === 'person'
        ? (['crypto-officer', 'user', 'auditor'] as const)
        : (['service', 'crypto-officer', 'auditor'] as const)
      : []),
  ]
}

/** The places where this person may give roles to this kind of identity: the server, organisations, projects. */
export function useSpots(kind: 'person' | 'service', places: readonly Place[]): readonly Spot[] {
  const { t } = useTranslation()
  const { grants } = usePerson()
  return [
    ...(has(grants, 'server-admin')
      ? [{ value: '', organisation: null, project: null, label: t('console.new-identity.everywhere') }]
      : []),
    ...places.flatMap(({ organisation, projects }) => [
      { value: organisation.id, organisation: organisation.id, project: null, label: organisation.name },
      ...projects.map(({ id, name }) => ({
        value: `${organisation.id} ${id}`,
        organisation: organisation.id,
        project: id,
        label: `${organisation.name} / ${name}`,
      })),
    ]),
  ].filter((spot) => rolesFor(grants, spot, kind).length > 0)
}

/** Where a role is given unless somebody says more: a project before an organisation, and both before the whole server. */
export const smallestOf = (spots: readonly Spot[]): Spot | undefined =>
  spots.find(({ project }) => project !== null) ??
  spots.find(({ organisation }) => organisation !== null) ??
  spots[0]

/** A username is in small letters, and a log-in takes it in any. */
export const usernameIn = ({ text }: Pick<Fields, 'text'>): string => text('username').trim().toLowerCase()

export function NewIdentity({
  kind,
  places,
  onClose,
}: {
  kind: 'person' | 'service'
  places: readonly Place[]
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const queries = useQueryClient()
  const sentence = useRoleSentence()
  const spots = useSpots(kind, places)
  const [chosen, setChosen] = useState(smallestOf(spots)?.value ?? '')
  const spot = spots.find(({ value }) => value === chosen)
  const work = useMutation({
    mutationFn: (fields: Fields) => {
      const conditions = conditionsOf(fields)
      const given = fields.all('role').map((role) => ({
        role,
        ...(spot?.organisation == null ? {} : { organisationId: spot.organisation }),
        ...(spot?.project == null ? {} : { projectId: spot.project }),
        ...(conditions === null ? {} : { conditions }),
      }))
      const name = fields.text('name').trim()
      return kind === 'person'
        ? call<Made>('POST', '/people', { name, username: usernameIn(fields), grants: given })
        : call<Made>('POST', '/identities', { name, grants: given })
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['identities'] }),
  })
  if (work.data !== undefined)
    return (
      <Dialog once title={t(`console.new-identity.made.${kind}`)} onClose={onClose}>
        <ShownOnce made={work.data} />
      </Dialog>
    )
  if (spot === undefined)
    return (
      <Dialog title={t(`console.new-identity.title.${kind}`)} onClose={onClose}>
        <p>{t('console.new-identity.nowhere')}</p>
      </Dialog>
    )
  const roles = rolesFor(grants, spot, kind)
  const example = {
    name: 'shop',
    ...(kind === 'person' ? { username: 'shop' } : {}),
    grants: roles.slice(0, 1).map((role) => ({
      role,
      ...(spot.organisation === null ? {} : { organisationId: spot.organisation }),
      ...(spot.project === null ? {} : { projectId: spot.project }),
    })),
  }
  const asGrant = (role: Role): Grant => ({
    role,
    organisationId: spot.organisation,
    projectId: spot.project,
    conditions: null,
    organisationName:
      places.find(({ organisation }) => organisation.id === spot.organisation)?.organisation.name ?? null,
    projectName:
      places.flatMap(({ projects }) => projects).find(({ id }) => id === spot.project)?.name ?? null,
  })
  return (
    <Dialog title={t(`console.new-identity.title.${kind}`)} onClose={onClose}>
      <Form
        work={work}
        submit={t(`console.new-identity.submit.${kind}`)}
        check={({ all }) => (all('role').length === 0 ? 'CONSOLE-NO-ROLE' : null)}
        onSubmit={(fields) => work.mutate(fields)}
      >
        <div className="field-row">
          <Field name="name" label={t('console.person.name')} required maxLength={64} autoComplete="off" />
          {kind === 'person' ? (
            <Field
              name="username"
              label={t('console.person.username')}
              hint={t('console.person.username-hint')}
              required
              maxLength={64}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              dir="ltr"
            />
          ) : null}
        </div>
        <Choice label={t('console.new-identity.where')} value={chosen} onChange={setChosen} options={spots} />
        <fieldset className="ticks" key={chosen}>
          <legend>{t('console.new-identity.roles')}</legend>
          {roles.map((role, at) => (
            <Tick
              key={role}
              name="role"
              value={role}
              defaultChecked={at === 0 && roles.length === 1}
              label={
                <>
                  <strong>{t(`console.role.${role}`)}</strong>
                  <span className="quiet">{sentence(asGrant(role))}</span>
                </>
              }
            />
          ))}
        </fieldset>
        <ConditionFields />
      </Form>
      <CallSnippets method="POST" path={kind === 'person' ? '/people' : '/identities'} body={example} />
    </Dialog>
  )
}

function ShownOnce({ made }: { made: Made }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  if ('enrolment' in made)
    return (
      <div className="form">
        <p>{t('console.new-identity.enrolment', { time: time(made.enrolment.expiresAt) })}</p>
        <Secret label={t('console.door.code.code')} value={made.enrolment.code} />
      </div>
    )
  return (
    <div className="form">
      <p>{t('console.new-identity.secret-once')}</p>
      <Value label={t('console.identity.client-id')} value={made.identity.clientId} />
      <Secret label={t('console.identity.client-secret')} value={made.identity.clientSecret} />
    </div>
  )
}
