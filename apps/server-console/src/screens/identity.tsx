import { Button } from '@radix-ui/themes'
import { type UseMutationResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import { maxTokenDays } from '../api/limits.ts'
import type { Credential, Enrolment, Identity } from '../api/types.ts'
import { Secret } from '../components/copy.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field, Form, Refused } from '../components/form.tsx'
import { Asked } from '../components/page.tsx'
import { curlOf, fetchOf, Snippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'
import { IdentityRoles } from './identity-roles.tsx'

const keyExample = { name: 'shop', ttlSeconds: 90 * 86_400 }

type Once = { readonly label: string; readonly value: string }

/** Secrets, API keys and the end of one identity. A new secret is shown once. */
export function ManageIdentity({ shown, onClose }: { shown: Identity; onClose: () => void }) {
  const { t } = useTranslation()
  const [once, setOnce] = useState<Once | null>(null)
  const at = `/identities/${shown.id}`
  const resetPath = `/people/${shown.id}/reset`
  return (
    <Dialog once={once !== null} title={shown.name} onClose={onClose}>
      <div className="form" aria-live="polite">
        {once === null ? null : (
          <>
            <p>{t('console.identity.once')}</p>
            <Secret label={once.label} value={once.value} />
          </>
        )}
        <Credentials shown={shown} at={at} onMade={setOnce} />
        {shown.username === null ? null : <ResetPerson path={resetPath} onMade={setOnce} />}
        <Snippets
          snippet={
            shown.kind === 'service'
              ? {
                  curl: curlOf('POST', `${at}/api-keys`, keyExample),
                  typescript: fetchOf('POST', `${at}/api-keys`, keyExample),
                }
              : { curl: curlOf('POST', resetPath), typescript: fetchOf('POST', resetPath) }
          }
        />
        <EndIdentity at={at} onEnded={onClose} />
      </div>
    </Dialog>
  )
}

/** What the identity logs in with, and the buttons that add to it where it is a service. */
function Credentials({ shown, at, onMade }: { shown: Identity; at: string; onMade: (once: Once) => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const again = () => queries.invalidateQueries({ queryKey: ['credentials', shown.id] })
  const credentials = useQuery({
    queryKey: ['credentials', shown.id],
    queryFn: async () => (await call<{ credentials: Credential[] }>('GET', `${at}/credentials`)).credentials,
  })
  const madeKey = ({ token }: { token: string }) => {
    onMade({ label: t('console.identity.api-key'), value: token })
    return again()
  }
  const addSecret = useMutation({
    mutationFn: async () =>
      (await call<{ clientSecret: { clientSecret: string } }>('POST', `${at}/client-secrets`)).clientSecret,
    onSuccess: ({ clientSecret }) => {
      onMade({ label: t('console.identity.client-secret'), value: clientSecret })
      return again()
    },
  })
  const addKey = useMutation({
    mutationFn: async (body: object) =>
      (await call<{ apiKey: { token: string } }>('POST', `${at}/api-keys`, body)).apiKey,
    onSuccess: madeKey,
  })
  const rotate = useMutation({
    mutationFn: async (id: string) =>
      (await call<{ apiKey: { token: string } }>('POST', `${at}/api-keys/${id}/rotate`)).apiKey,
    onSuccess: madeKey,
  })
  const revoke = useMutation({
    mutationFn: (id: string) => call<unknown>('DELETE', `${at}/credentials/${id}`),
    onSuccess: again,
  })
  const error = [addSecret, rotate, revoke].find((one) => one.isError)?.error ?? null
  return (
    <>
      <Refused error={error} />
      <IdentityRoles shown={shown} />
      <h3>{t('console.identity.credentials')}</h3>
      <Asked query={credentials}>
        {(found) =>
          found.length === 0 ? (
            <p className="quiet">{t('console.identity.no-credentials')}</p>
          ) : (
            <ul className="version-list">
              {found.map((one) => (
                <CredentialLine
                  key={one.id}
                  one={one}
                  onRotate={() => rotate.mutate(one.id)}
                  onRevoke={() => revoke.mutate(one.id)}
                />
              ))}
            </ul>
          )
        }
      </Asked>
      {shown.kind === 'service' ? (
        <>
          <div>
            <Button
              type="button"
              size="3"
              variant="surface"
              color="gray"
              highContrast
              onClick={() => addSecret.mutate()}
            >
              {t('console.identity.add-secret')}
            </Button>
          </div>
          <NewApiKey work={addKey} />
        </>
      ) : null}
    </>
  )
}

function CredentialLine({
  one,
  onRotate,
  onRevoke,
}: {
  one: Credential
  onRotate: () => void
  onRevoke: () => void
}) {
  const { t } = useTranslation()
  const { time } = useFormats()
  return (
    <li>
      <span className="version-text">
        <strong>{one.name ?? t(`console.identity.kind.${one.kind}`)}</strong>
        <span className="quiet">
          {t(`console.identity.kind.${one.kind}`)}
          {' · '}
          {one.expiresAt === null
            ? t('console.identity.since', { time: time(one.createdAt) })
            : t('console.identity.until', { time: time(one.expiresAt) })}
        </span>
      </span>
      {one.kind === 'api-key' ? (
        <button type="button" className="link" onClick={onRotate}>
          {t('console.identity.rotate')}
        </button>
      ) : null}
      <button type="button" className="link" data-tone="bad" onClick={onRevoke}>
        {t('console.identity.revoke')}
      </button>
    </li>
  )
}

function NewApiKey({ work }: { work: UseMutationResult<{ token: string }, Error, object> }) {
  const { t } = useTranslation()
  return (
    <Form
      work={work}
      plain
      submit={t('console.identity.add-key')}
      onSubmit={({ text }) =>
        work.mutate({ name: text('name').trim(), ttlSeconds: Number(text('days')) * 86_400 })
      }
    >
      <div className="field-row">
        <Field
          name="name"
          label={t('console.identity.key-name')}
          required
          maxLength={64}
          autoComplete="off"
        />
        <Field
          name="days"
          type="number"
          min={1}
          max={maxTokenDays}
          defaultValue={90}
          required
          label={t('console.identity.key-days')}
        />
      </div>
    </Form>
  )
}

function ResetPerson({ path, onMade }: { path: string; onMade: (once: Once) => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const reset = useMutation({
    mutationFn: async () => (await call<{ enrolment: Enrolment }>('POST', path)).enrolment,
    onSuccess: ({ code }) => {
      onMade({ label: t('console.door.code.code'), value: code })
      return queries.invalidateQueries({ queryKey: ['identities'] })
    },
  })
  return (
    <Form work={reset} plain submit={t('console.identity.reset')} onSubmit={() => reset.mutate()}>
      <p className="quiet">{t('console.identity.reset-what')}</p>
    </Form>
  )
}

function EndIdentity({ at, onEnded }: { at: string; onEnded: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [ending, setEnding] = useState(false)
  const end = useMutation({
    mutationFn: () => call<unknown>('POST', `${at}/revoke`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['identities'] })
      onEnded()
    },
  })
  return ending ? (
    <Form work={end} danger submit={t('console.identity.end')} onSubmit={() => end.mutate()}>
      <p>{t('console.identity.end-what')}</p>
    </Form>
  ) : (
    <button type="button" className="link" data-tone="bad" onClick={() => setEnding(true)}>
      {t('console.identity.end-ask')}
    </button>
  )
}
