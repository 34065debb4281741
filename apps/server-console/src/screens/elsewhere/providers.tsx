import { Code, EmptyState, FailureNotice, Rec } from '@lux/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom } from '../../api/client.ts'
import { type ProjectChoice, projectsAs, usePerson, usePlaces } from '../../api/queries.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Choice, Field, type Fields, Form, TextField, Tick } from '../../components/form.tsx'
import { KeyName } from '../../components/key-name.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { useKeyPages } from '../oversight/pages.ts'

type ExternalKey = {
  readonly id: string
  readonly name: string
  readonly provider: Provider
  readonly settings: Readonly<Record<string, string>>
  readonly keyUsage: 'encrypt-decrypt' | 'sign-verify'
}

/** The fields of each provider. `?`: optional. The server checks their contents. */
const providers = {
  aws: {
    settings: ['region', 'keyId', 'endpoint?', 'ca?'],
    credentials: ['accessKeyId', 'secretAccessKey', 'sessionToken?'],
  },
  gcp: {
    settings: ['key', 'importJob?', 'endpoint?', 'ca?'],
    credentials: ['clientEmail', 'privateKey'],
  },
  azure: {
    settings: ['vault', 'key', 'tenantId', 'authority?', 'ca?'],
    credentials: ['clientId', 'clientSecret'],
  },
  vault: { settings: ['address', 'mount?', 'key', 'namespace?', 'ca?'], credentials: ['token'] },
} as const
type Provider = keyof typeof providers
// Object.keys gives what the literal above has.
const names = Object.keys(providers) as Provider[]
/** Fields of several lines. */
const texts = ['ca', 'privateKey']
const bare = (field: string): string => field.replace('?', '')

/** Keys at another KMS: added, tried, rotated and removed here. */
export function Providers() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  return (
    <Page
      title={t('console.providers.title')}
      lead={t('console.providers.lead')}
      beside={useKeyPages('providers')}
    >
      <Asked query={places}>
        {(found) => {
          const projects = projectsAs('crypto-officer', grants, found)
          return projects.length === 0 ? (
            <EmptyState
              icon="key"
              title={t('console.providers.no-role')}
              what={t('console.providers.no-role-what')}
            />
          ) : (
            <OfProjects projects={projects} />
          )
        }}
      </Asked>
    </Page>
  )
}

function OfProjects({ projects }: { projects: readonly ProjectChoice[] }) {
  const { t } = useTranslation()
  const [project, setProject] = useState(projects[0]?.value ?? '')
  const keys = useQuery({
    queryKey: ['external-keys', project],
    queryFn: async () =>
      (await call<{ keys: readonly ExternalKey[] }>('GET', `/external-keys?projectId=${project}`)).keys,
  })
  return (
    <>
      <Choice label={t('console.new-key.project')} value={project} onChange={setProject} options={projects} />
      <div className="pair-columns">
        <Card title={t('console.providers.keys')}>
          <Asked query={keys}>
            {(found) =>
              found.length === 0 ? (
                <EmptyState
                  icon="key"
                  title={t('console.providers.none.title')}
                  what={t('console.providers.none.what')}
                />
              ) : (
                <ul className="version-list">
                  {found.map((one) => (
                    <OneKey key={one.id} shown={one} project={project} />
                  ))}
                </ul>
              )
            }
          </Asked>
        </Card>
        <Card title={t('console.providers.add')}>
          <Add project={project} />
        </Card>
      </div>
    </>
  )
}

function OneKey({ shown, project }: { shown: ExternalKey; project: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const at = `/external-keys/${shown.id}`
  const again = () => queries.invalidateQueries({ queryKey: ['external-keys', project] })
  const test = useMutation({ mutationFn: () => call<unknown>('POST', `${at}/test`) })
  const rotate = useMutation({ mutationFn: () => call<unknown>('POST', `${at}/rotate`), onSuccess: again })
  const [removing, setRemoving] = useState(false)
  const error = test.error ?? rotate.error
  const pending = test.isPending || rotate.isPending
  const does = (act: () => void, label: string, bad = false) => (
    <button
      type="button"
      className="link"
      {...(bad ? { 'data-tone': 'bad' } : {})}
      aria-disabled={pending}
      onClick={() => {
        if (!pending) act()
      }}
    >
      {label}
      <span className="visually-hidden">
        <Rec>{shown.name}</Rec>
      </span>
    </button>
  )
  const example = { plaintext: 'AAAA' }
  return (
    <li>
      <span className="version-text">
        <strong>
          <Rec>{shown.name}</Rec>
        </strong>
        <span>{t(`console.providers.name.${shown.provider}`)}</span>
        <span className="quiet">{t(`console.usage.${shown.keyUsage}`)}</span>
        <Code>{shown.settings.keyId ?? shown.settings.key ?? shown.id}</Code>
        <span role="status">
          {pending
            ? t('console.works')
            : test.isSuccess
              ? t('console.providers.works')
              : rotate.isSuccess
                ? t('console.providers.rotated')
                : ''}
        </span>
        {error === null ? null : <FailureNotice failure={failureFrom(error)} />}
        <CallSnippets method="POST" path={`${at}/encrypt`} body={example} />
      </span>
      <span className="actions">
        {does(test.mutate, t('console.providers.test'))}
        {does(rotate.mutate, t('console.places.rotate'))}
        {does(() => setRemoving(true), t('console.alerts.remove'), true)}
      </span>
      {removing ? <Remove shown={shown} onClose={() => setRemoving(false)} onDone={again} /> : null}
    </li>
  )
}

function Remove({
  shown: { id, name },
  onClose,
  onDone,
}: {
  shown: ExternalKey
  onClose: () => void
  onDone: () => Promise<void>
}) {
  const { t } = useTranslation()
  const remove = useMutation({
    mutationFn: (confirm: string) =>
      call<unknown>('DELETE', `/external-keys/${id}?${new URLSearchParams({ confirmName: confirm })}`),
    onSuccess: onDone,
  })
  return (
    <Dialog title={t('console.providers.remove-title', { name })} onClose={onClose}>
      <Form
        work={remove}
        danger
        submit={t('console.providers.remove-submit')}
        onSubmit={({ text }) => remove.mutate(text('name').trim())}
      >
        <p>{t('console.providers.remove-what', { id })}</p>
        <Field
          name="name"
          label={t('console.life.shred-name', { name })}
          required
          autoComplete="off"
          spellCheck={false}
          dir="ltr"
        />
      </Form>
    </Dialog>
  )
}

function Add({ project }: { project: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [provider, setProvider] = useState<Provider>('aws')
  const { settings, credentials } = providers[provider]
  const add = useMutation({
    mutationFn: (fields: Fields) => {
      const given = (all: readonly string[]) =>
        Object.fromEntries(
          all
            .map((field) => [bare(field), fields.text(bare(field)).trim()] as const)
            .filter(([, text]) => text !== ''),
        )
      return call<unknown>('POST', '/external-keys', {
        projectId: project,
        name: fields.text('name').trim(),
        provider,
        settings: given(settings),
        credentials: given(credentials),
        ...(fields.all('for-import').length === 0 ? {} : { forImport: true }),
      })
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['external-keys', project] }),
  })
  const inputs = (all: readonly string[], secret: boolean) =>
    all.map((field) => {
      const name = bare(field)
      const label = t(`console.providers.field.${name}`)
      const shared = {
        name,
        dir: 'ltr',
        autoComplete: 'off',
        spellCheck: false,
        required: name === field,
        label: name === field ? label : t('console.providers.optional', { label }),
      }
      return texts.includes(name) ? (
        <TextField key={name} {...shared} />
      ) : (
        <Field key={name} {...shared} {...(secret ? { type: 'password' } : {})} />
      )
    })
  return (
    <Form work={add} submit={t('console.providers.submit')} onSubmit={(all) => add.mutate(all)}>
      <Choice
        label={t('console.providers.provider')}
        value={provider}
        onChange={(value) => {
          add.reset()
          setProvider(names.find((one) => one === value) ?? 'aws')
        }}
        options={names.map((value) => ({ value, label: t(`console.providers.name.${value}`) }))}
      />
      <KeyName />
      {inputs(settings, false)}
      {inputs(credentials, true)}
      <p className="quiet">{t('console.providers.sealed')}</p>
      <Tick name="for-import" label={t('console.providers.for-import')} />
    </Form>
  )
}
