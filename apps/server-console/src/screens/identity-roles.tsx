import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import type { Role } from '../api/limits.ts'
import { usePerson, usePlaces } from '../api/queries.ts'
import type { Grant, Identity } from '../api/types.ts'
import { Form, Refused } from '../components/form.tsx'
import { useRoleSentence } from '../components/role-sentence.tsx'
import { CallSnippets } from '../components/snippets.tsx'
import { RoleChoice, reachIsNamed, rolesFor, SpotChoice, useSpots } from './new-identity.tsx'

type RoleOf = Pick<Grant, 'role' | 'organisationId' | 'projectId'>

const named = ({ role, organisationId, projectId }: RoleOf): Record<string, string> => ({
  role,
  ...(organisationId === null ? {} : { organisationId }),
  ...(projectId === null ? {} : { projectId }),
})

/** Takes a role from an identity. The server decides whether that is allowed. */
export function useTakeRole() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ identityId, grant }: { identityId: string; grant: RoleOf }) =>
      call<unknown>('DELETE', `/identities/${identityId}/roles?${new URLSearchParams(named(grant))}`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['identities'] })
      await queries.invalidateQueries({ queryKey: ['access'] })
    },
  })
}

/** The roles of an identity, with buttons to give and to take one. */
export function IdentityRoles({ shown }: { shown: Identity }) {
  const { t } = useTranslation()
  const sentence = useRoleSentence()
  const take = useTakeRole()
  const path = `/identities/${shown.id}/roles`
  const example = named(shown.grants[0] ?? { role: 'auditor', organisationId: null, projectId: null })
  return (
    <>
      <h3>{t('console.identity.roles')}</h3>
      <ul className="version-list">
        {shown.grants.map((grant) => (
          <li key={`${grant.role}${grant.organisationId}${grant.projectId}`}>
            <span className="version-text">{sentence(grant)}</span>
            {shown.grants.length === 1 ? null : (
              <button
                type="button"
                className="link"
                data-tone="bad"
                onClick={() => take.mutate({ identityId: shown.id, grant })}
              >
                {t('console.identity.take')}
                <span className="visually-hidden">{t(`console.role.${grant.role}`)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <Refused error={take.error} />
      <GiveRole shown={shown} />
      <CallSnippets method="POST" path={path} body={example} />
    </>
  )
}

function GiveRole({ shown }: { shown: Identity }) {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const queries = useQueryClient()
  const places = usePlaces()
  const spots = useSpots(shown.kind, places.data ?? [])
  const [chosen, setChosen] = useState<string | null>(null)
  const spot = spots.find(({ value }) => value === chosen)
  const give = useMutation({
    mutationFn: (role: string) =>
      call<unknown>('POST', `/identities/${shown.id}/roles`, {
        ...named({
          // The choice offers only these.
          role: role as Role,
          organisationId: spot?.organisation ?? null,
          projectId: spot?.project ?? null,
        }),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['identities'] }),
  })
  if (spots.length === 0) return null
  return (
    <Form
      work={give}
      plain
      submit={t('console.identity.give')}
      check={({ text }) =>
        text('role') === '' ? 'CONSOLE-NO-ROLE' : reachIsNamed(spot, text('reach')) ? null : 'CONSOLE-REACH'
      }
      onSubmit={({ text }) => give.mutate(text('role'))}
    >
      <SpotChoice spots={spots} chosen={chosen} onChoose={setChosen} />
      {spot === undefined ? null : (
        <RoleChoice
          key={spot.value}
          spot={spot}
          places={places.data ?? []}
          roles={rolesFor(grants, spot, shown.kind)}
        />
      )}
    </Form>
  )
}
