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

/** What a role in this place reaches, by the name that is to be typed; null of a project, which is the least. */
export const reachOf = ({ organisation, project, label }: Spot, server: string): string | null =>
  project !== null ? null : organisation === null ? server : label

export const reachIsNamed = (spot: Spot | undefined, typed: string, server = location.host): boolean =>
  spot !== undefined && (reachOf(spot, server) ?? typed) === typed.trim()

/** Where a role is to hold. Nothing is chosen to begin with. */
export function SpotChoice({
  spots,
  chosen,
  onChoose,
}: {
  spots: readonly Spot[]
  chosen: string | null
  onChoose: (value: string | null) => void
}) {
  const { t } = useTranslation()
  const none = 'none'
  return (
    <Choice
      label={t('console.new-identity.where')}
      value={chosen ?? none}
      onChange={(value) => onChoose(value === none ? null : value)}
      options={[{ value: none, label: t('console.new-identity.choose-where') }, ...spots]}
    />
  )
}

/** Roles with what each allows, none chosen. What reaches further than a project is named by whoever gives it. */
export function RoleChoice({
  spot,
  places,
  roles,
  several = false,
}: {
  spot: Spot
  places: readonly Place[]
  roles: readonly Role[]
  several?: boolean
}) {
  const { t } = useTranslation()
  const sentence = useRoleSentence()
  const reach = reachOf(spot, location.host)
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
    <>
      <fieldset className="ticks">
        <legend>{t(several ? 'console.new-identity.roles' : 'console.identity.role')}</legend>
        {roles.map((role) => (
          <Tick
            key={role}
            type={several ? 'checkbox' : 'radio'}
            name="role"
            value={role}
            label={
              <>
                <strong>{t(`console.role.${role}`)}</strong>
                <span className="quiet">{sentence(asGrant(role))}</span>
              </>
            }
          />
        ))}
      </fieldset>
      {reach === null ? null : (
        <Field
          name="reach"
          label={t('console.new-identity.reach', { name: reach })}
          hint={t('console.new-identity.reach-hint')}
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </>
  )
}

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
  const spots = useSpots(kind, places)
  const [chosen, setChosen] = useState<string | null>(null)
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
  if (spots.length === 0)
    return (
      <Dialog title={t(`console.new-identity.title.${kind}`)} onClose={onClose}>
        <p>{t('console.new-identity.nowhere')}</p>
      </Dialog>
    )
  const roles = spot === undefined ? [] : rolesFor(grants, spot, kind)
  const example = {
    name: 'shop',
    ...(kind === 'person' ? { username: 'shop' } : {}),
    grants: roles.slice(0, 1).map((role) => ({
      role,
      ...(spot?.organisation == null ? {} : { organisationId: spot.organisation }),
      ...(spot?.project == null ? {} : { projectId: spot.project }),
    })),
  }
  return (
    <Dialog title={t(`console.new-identity.title.${kind}`)} onClose={onClose}>
      <Form
        work={work}
        submit={t(`console.new-identity.submit.${kind}`)}
        check={({ all, text }) =>
          all('role').length === 0
            ? 'CONSOLE-NO-ROLE'
            : reachIsNamed(spot, text('reach'))
              ? null
              : 'CONSOLE-REACH'
        }
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
        <SpotChoice spots={spots} chosen={chosen} onChoose={setChosen} />
        {spot === undefined ? null : (
          <RoleChoice key={spot.value} spot={spot} places={places} roles={roles} several />
        )}
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
