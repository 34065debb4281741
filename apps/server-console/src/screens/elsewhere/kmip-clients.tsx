import { Code, EmptyState, Rec } from '@lux/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/client.ts'
import { type ProjectChoice, projectsAs, usePerson, usePlaces } from '../../api/queries.ts'
import { ChosenOne, useChoices } from '../../components/chosen.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice, Field, Form, TextField } from '../../components/form.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'
import { usePeoplePages } from '../oversight/pages.ts'

type Client = {
  readonly fingerprint: string
  readonly name: string
  readonly identityId: string
  readonly expiresAt: string
  readonly revokedAt: string | null
}

/** The client certificates that may use KMIP, by project. */
export function KmipClients() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const places = usePlaces()
  return (
    <Page title={t('console.kmip.title')} lead={t('console.kmip.lead')} beside={usePeoplePages('kmip')}>
      <Asked query={places}>
        {(found) => {
          const projects = projectsAs('organisation-admin', grants, found)
          return projects.length === 0 ? (
            <EmptyState
              icon="shield"
              title={t('console.kmip.no-role')}
              what={t('console.kmip.no-role-what')}
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
  const { date } = useFormats()
  const [project, setProject] = useState(projects[0]?.value ?? '')
  const [ending, setEnding] = useState<Client | null>(null)
  const clients = useQuery({
    queryKey: ['kmip-clients', project],
    queryFn: async () =>
      (await call<{ clients: readonly Client[] }>('GET', `/kmip-clients?projectId=${project}`)).clients,
  })
  return (
    <>
      <Choice label={t('console.new-key.project')} value={project} onChange={setProject} options={projects} />
      <div className="pair-columns">
        <Card title={t('console.kmip.clients')}>
          <Asked query={clients}>
            {(found) =>
              found.length === 0 ? (
                <EmptyState
                  icon="shield"
                  title={t('console.kmip.none.title')}
                  what={t('console.kmip.none.what')}
                />
              ) : (
                <ul className="version-list">
                  {found.map((one) => (
                    <li key={one.fingerprint}>
                      <span className="version-text">
                        <strong>
                          <Rec>{one.name}</Rec>
                        </strong>
                        <Code>{one.fingerprint}</Code>
                        <span className="quiet">
                          {t('console.kmip.until', { date: date(one.expiresAt) })}
                        </span>
                      </span>
                      {one.revokedAt === null ? (
                        <button type="button" className="link" data-tone="bad" onClick={() => setEnding(one)}>
                          {t('console.identity.revoke')}
                          <span className="visually-hidden">
                            <Rec>{one.name}</Rec>
                          </span>
                        </button>
                      ) : (
                        <span className="badge" data-tone="bad">
                          {t('console.people.revoked')}
                        </span>
                      )}
                    </li>
                  ))}
                </ul>
              )
            }
          </Asked>
        </Card>
        <Card title={t('console.kmip.register')}>
          <Register project={project} />
        </Card>
      </div>
      {ending === null ? null : <Revoke client={ending} project={project} onClose={() => setEnding(null)} />}
    </>
  )
}

function Register({ project }: { project: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const services = useChoices('service')
  const work = useMutation({
    mutationFn: (body: object) => call<unknown>('POST', '/kmip-clients', body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['kmip-clients', project] }),
  })
  const example = {
    projectId: project,
    identityId: '…',
    name: 'disks',
    certificate: '-----BEGIN CERTIFICATE-----…',
  }
  return (
    <>
      <Asked query={services.query}>
        {() =>
          services.choices.length === 0 && services.search === null ? (
            <p className="quiet">{t('console.kmip.no-service')}</p>
          ) : (
            <Form
              work={work}
              submit={t('console.kmip.submit')}
              onSubmit={({ text }) =>
                work.mutate({
                  projectId: project,
                  identityId: text('identity'),
                  name: text('name').trim(),
                  certificate: text('certificate').trim(),
                })
              }
            >
              <ChosenOne
                from={services}
                name="identity"
                label={t('console.kmip.identity')}
                hint={t('console.kmip.identity-hint')}
              />
              <Field
                name="name"
                label={t('console.person.name')}
                required
                maxLength={64}
                autoComplete="off"
              />
              <TextField
                name="certificate"
                label={t('console.kmip.certificate')}
                hint={t('console.kmip.certificate-hint')}
                required
                maxLength={16_384}
                dir="ltr"
                spellCheck={false}
              />
            </Form>
          )
        }
      </Asked>
      <CallSnippets method="POST" path="/kmip-clients" body={example} />
    </>
  )
}

function Revoke({ client, project, onClose }: { client: Client; project: string; onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const work = useMutation({
    mutationFn: () => call<unknown>('POST', `/kmip-clients/${client.fingerprint}/revoke`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['kmip-clients', project] })
      onClose()
    },
  })
  return (
    <Dialog title={t('console.kmip.revoke-title', { name: client.name })} onClose={onClose}>
      <Form work={work} danger submit={t('console.kmip.revoke-submit')} onSubmit={() => work.mutate()}>
        <p>{t('console.kmip.revoke-what')}</p>
      </Form>
    </Dialog>
  )
}
