import { EmptyState, Rec } from '@lux/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/client.ts'
import { has, type Place, usePerson, usePlaces } from '../../api/queries.ts'
import type { Grant } from '../../api/types.ts'
import { CopyCode } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice, Field, type Fields, Form, Refused, TextField } from '../../components/form.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { useRoleSentence } from '../../components/role-sentence.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { RoleChoice, reachIsNamed, rolesFor, SpotChoice, useSpots } from '../new-identity.tsx'
import { usePeoplePages } from '../oversight/pages.ts'

type Placed = Pick<Grant, 'role'> & { readonly organisationId?: string; readonly projectId?: string }
type GroupRole = { readonly id: string; readonly group: string; readonly grant: Placed }
type Provider = {
  readonly name: string
  readonly organisationId: string | null
  readonly settings:
    | { readonly kind: 'oidc'; readonly issuer: string; readonly clientId: string }
    | { readonly kind: 'saml'; readonly entityId: string; readonly entryPoint: string }
  readonly roles: readonly GroupRole[]
}

const path = '/sign-on/providers'

/** Identity providers by which people log in, and what their groups may. */
export function SignOn() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  const governs = has(grants, 'server-admin', 'organisation-admin')
  return (
    <Page
      title={t('console.sign-on.title')}
      lead={t('console.sign-on.lead')}
      beside={usePeoplePages('sign-on')}
    >
      {governs ? (
        <Asked query={places}>{(found) => <Providers places={found} />}</Asked>
      ) : (
        <EmptyState
          icon="shield"
          title={t('console.people.no-role')}
          what={t('console.sign-on.no-role-what')}
        />
      )}
    </Page>
  )
}

function Providers({ places }: { places: readonly Place[] }) {
  const { t } = useTranslation()
  const [removing, setRemoving] = useState<Provider | null>(null)
  const [giving, setGiving] = useState<Provider | null>(null)
  const providers = useQuery({
    queryKey: ['sign-on'],
    queryFn: async () => (await call<{ providers: readonly Provider[] }>('GET', path)).providers,
  })
  return (
    <>
      <div className="pair-columns">
        <Card title={t('console.sign-on.providers')}>
          <Asked query={providers}>
            {(found) =>
              found.length === 0 ? (
                <EmptyState
                  icon="shield"
                  title={t('console.sign-on.none.title')}
                  what={t('console.sign-on.none.what')}
                />
              ) : (
                <ul className="version-list">
                  {found.map((one) => (
                    <Shown
                      key={one.name}
                      provider={one}
                      places={places}
                      onGive={() => setGiving(one)}
                      onRemove={() => setRemoving(one)}
                    />
                  ))}
                </ul>
              )
            }
          </Asked>
        </Card>
        <Card title={t('console.sign-on.add')}>
          <Add places={places} />
        </Card>
      </div>
      {giving === null ? null : (
        <GiveGroup provider={giving} places={places} onClose={() => setGiving(null)} />
      )}
      {removing === null ? null : <Remove provider={removing} onClose={() => setRemoving(null)} />}
    </>
  )
}

/** The address that the provider is told: a browser comes back there. */
export const callbackOf = (name: string, origin: string): string =>
  `${origin}/api/v1/auth/sign-on/${encodeURIComponent(name)}/callback`

function Shown({
  provider: { name, organisationId, settings, roles },
  places,
  onGive,
  onRemove,
}: {
  provider: Provider
  places: readonly Place[]
  onGive: () => void
  onRemove: () => void
}) {
  const { t } = useTranslation()
  const sentence = useRoleSentence()
  const queries = useQueryClient()
  const take = useMutation({
    mutationFn: (id: string) => call<unknown>('DELETE', `${path}/${name}/roles/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sign-on'] }),
  })
  const organisationName = (id: string | null | undefined): string | null =>
    places.find(({ organisation }) => organisation.id === id)?.organisation.name ?? null
  const shown = ({ role, organisationId, projectId }: Placed): Grant => ({
    ...{ role, organisationId: organisationId ?? null, projectId: projectId ?? null, conditions: null },
    organisationName: organisationName(organisationId),
    projectName: places.flatMap(({ projects }) => projects).find(({ id }) => id === projectId)?.name ?? null,
  })
  return (
    <li>
      <span className="version-text">
        <strong>
          <Rec>{name}</Rec>
        </strong>
        <span className="quiet">
          <Rec>{organisationName(organisationId) ?? t('console.new-identity.everywhere')}</Rec>
          {' · '}
          <bdi dir="ltr">{settings.kind === 'oidc' ? settings.issuer : settings.entityId}</bdi>
        </span>
        <span className="quiet">{t('console.sign-on.callback')}</span>
        <CopyCode value={callbackOf(name, location.origin)} shown={callbackOf(name, location.origin)} />
        <ul className="sentences">
          {roles.map(({ id, group, grant }) => (
            <li key={id}>
              {t('console.sign-on.members', { group })} {sentence(shown(grant))}{' '}
              <button type="button" className="link" data-tone="bad" onClick={() => take.mutate(id)}>
                {t('console.identity.take')}
                <span className="visually-hidden">
                  <Rec>{group}</Rec>
                </span>
              </button>
            </li>
          ))}
        </ul>
        {roles.length === 0 ? <span className="quiet">{t('console.sign-on.no-group')}</span> : null}
        <Refused error={take.error} />
        <span className="actions">
          <button type="button" className="link" onClick={onGive}>
            {t('console.sign-on.give')}
            <span className="visually-hidden">
              <Rec>{name}</Rec>
            </span>
          </button>
          <button type="button" className="link" data-tone="bad" onClick={onRemove}>
            {t('console.sign-on.remove')}
            <span className="visually-hidden">
              <Rec>{name}</Rec>
            </span>
          </button>
        </span>
      </span>
    </li>
  )
}

/** What the form says, as the call says it: an empty field is none. */
export function providerFrom(
  kind: 'oidc' | 'saml',
  organisationId: string,
  { text }: Pick<Fields, 'text'>,
): object {
  const said = (name: string) => (text(name).trim() === '' ? {} : { [name]: text(name).trim() })
  return {
    ...said('name'),
    ...(organisationId === '' ? {} : { organisationId }),
    settings:
      kind === 'oidc'
        ? { kind, ...said('issuer'), ...said('clientId'), ...said('groupsClaim') }
        : {
            ...{ kind, ...said('entityId'), ...said('entryPoint'), ...said('groupsAttribute') },
            certificates: [text('certificate').trim()],
          },
    ...(kind === 'oidc' ? said('clientSecret') : {}),
  }
}

function Add({ places }: { places: readonly Place[] }) {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const queries = useQueryClient()
  const [kind, setKind] = useState<'oidc' | 'saml'>('oidc')
  const [round, setRound] = useState(0)
  const work = useMutation({
    mutationFn: (body: object) => call<unknown>('POST', path, body),
    onSuccess: async () => {
      setRound(round + 1)
      await queries.invalidateQueries({ queryKey: ['sign-on'] })
    },
  })
  const where = [
    ...places
      .filter(({ organisation }) =>
        grants.some(
          ({ role, organisationId }) => role === 'organisation-admin' && organisationId === organisation.id,
        ),
      )
      .map(({ organisation }) => ({ value: organisation.id, label: organisation.name })),
    ...(has(grants, 'server-admin') ? [{ value: '', label: t('console.new-identity.everywhere') }] : []),
  ]
  const plain = { required: true, autoComplete: 'off', spellCheck: false, dir: 'ltr' } as const
  return (
    <>
      <Form
        key={round}
        work={work}
        submit={t('console.sign-on.submit')}
        onSubmit={(fields) => work.mutate(providerFrom(kind, fields.text('where'), fields))}
      >
        <div className="field-row">
          <Field
            name="name"
            label={t('console.sign-on.name')}
            hint={t('console.sign-on.name-hint')}
            maxLength={32}
            {...plain}
          />
          <Choice name="where" label={t('console.sign-on.where')} options={where} />
        </div>
        <Choice
          label={t('console.sign-on.kind')}
          value={kind}
          onChange={(value) => setKind(value === 'saml' ? 'saml' : 'oidc')}
          options={[
            { value: 'oidc', label: 'OpenID Connect' },
            { value: 'saml', label: 'SAML 2.0' },
          ]}
        />
        {kind === 'oidc' ? (
          <>
            <Field name="issuer" type="url" label={t('console.sign-on.issuer')} maxLength={512} {...plain} />
            <Field name="clientId" label={t('console.identity.client-id')} maxLength={256} {...plain} />
            <Field
              name="clientSecret"
              type="password"
              label={t('console.identity.client-secret')}
              maxLength={1024}
              {...plain}
            />
            <Field
              name="groupsClaim"
              label={t('console.sign-on.groups')}
              hint={t('console.sign-on.groups-hint')}
              maxLength={256}
              {...plain}
              required={false}
            />
          </>
        ) : (
          <>
            <Field name="entityId" label={t('console.sign-on.entity')} maxLength={512} {...plain} />
            <Field
              name="entryPoint"
              type="url"
              label={t('console.sign-on.entry-point')}
              maxLength={512}
              {...plain}
            />
            <TextField
              name="certificate"
              label={t('console.sign-on.certificate')}
              maxLength={16_384}
              required
              dir="ltr"
              spellCheck={false}
            />
            <Field
              name="groupsAttribute"
              label={t('console.sign-on.groups')}
              hint={t('console.sign-on.groups-hint')}
              maxLength={256}
              {...plain}
              required={false}
            />
          </>
        )}
        <p className="quiet">{t('console.sign-on.checked')}</p>
      </Form>
      <CallSnippets
        method="POST"
        path={path}
        body={{
          name: 'corp',
          settings: { kind: 'oidc', issuer: 'https://id.example.com', clientId: 'custody' },
          clientSecret: '…',
        }}
      />
    </>
  )
}

/** A role for the members of a group. Nothing is chosen to begin with. */
function GiveGroup({
  provider,
  places,
  onClose,
}: {
  provider: Provider
  places: readonly Place[]
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<string | null>(null)
  const spots = useSpots('person', places).filter(
    ({ organisation }) => provider.organisationId === null || organisation === provider.organisationId,
  )
  const spot = spots.find(({ value }) => value === chosen)
  const work = useMutation({
    mutationFn: ({ group, role }: { group: string; role: string }) =>
      call<unknown>('POST', `${path}/${provider.name}/roles`, {
        group,
        grant: {
          role,
          ...(spot?.organisation == null ? {} : { organisationId: spot.organisation }),
          ...(spot?.project == null ? {} : { projectId: spot.project }),
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['sign-on'] })
      onClose()
    },
  })
  return (
    <Dialog title={t('console.sign-on.give-title', { name: provider.name })} onClose={onClose}>
      <Form
        work={work}
        submit={t('console.identity.give')}
        check={({ text }) =>
          text('role') === '' ? 'CONSOLE-NO-ROLE' : reachIsNamed(spot, text('reach')) ? null : 'CONSOLE-REACH'
        }
        onSubmit={({ text }) => work.mutate({ group: text('group'), role: text('role') })}
      >
        <Field
          name="group"
          label={t('console.sign-on.group')}
          hint={t('console.sign-on.group-hint')}
          required
          maxLength={256}
          autoComplete="off"
          spellCheck={false}
        />
        <SpotChoice spots={spots} chosen={chosen} onChoose={setChosen} />
        {spot === undefined ? null : (
          <RoleChoice key={spot.value} spot={spot} places={places} roles={rolesFor(grants, spot, 'person')} />
        )}
      </Form>
    </Dialog>
  )
}

function Remove({ provider: { name }, onClose }: { provider: Provider; onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const work = useMutation({
    mutationFn: () => call<unknown>('DELETE', `${path}/${name}`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['sign-on'] })
      onClose()
    },
  })
  return (
    <Dialog title={t('console.sign-on.remove-title', { name })} onClose={onClose}>
      <Form work={work} danger submit={t('console.sign-on.remove-submit')} onSubmit={() => work.mutate()}>
        <p>{t('console.sign-on.remove-what')}</p>
      </Form>
    </Dialog>
  )
}
