import { Button } from '@radix-ui/themes'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
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

/** Secrets, API keys and the end of one identity. What is new is shown once. */
export function ManageIdentity({ shown, onClose }: { shown: Identity; onClose: () => void }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const queries = useQueryClient()
  const [once, setOnce] = useState<Once | null>(null)
  const [ending, setEnding] = useState(false)
  const at = `/identities/${shown.id}`
  const resetPath = `/people/${shown.id}/reset`
  const again = () => queries.invalidateQueries({ queryKey: ['credentials', shown.id] })
  const credentials = useQuery({
    queryKey: ['credentials', shown.id],
    queryFn: async () => (await call<{ credentials: Credential[] }>('GET', `${at}/credentials`)).credentials,
  })
  const addSecret = useMutation({
    mutationFn: async () =>
      (await call<{ clientSecret: { clientSecret: string } }>('POST', `${at}/client-secrets`)).clientSecret,
    onSuccess: ({ clientSecret }) => {
      setOnce({ label: t('console.identity.client-secret'), value: clientSecret })
      return again()
    },
  })
  const addKey = useMutation({
    mutationFn: async (body: object) =>
      (await call<{ apiKey: { token: string } }>('POST', `${at}/api-keys`, body)).apiKey,
    onSuccess: ({ token }) => {
      setOnce({ label: t('console.identity.api-key'), value: token })
      return again()
    },
  })
  const rotate = useMutation({
    mutationFn: async (id: string) =>
      (await call<{ apiKey: { token: string } }>('POST', `${at}/api-keys/${id}/rotate`)).apiKey,
    onSuccess: ({ token }) => {
      setOnce({ label: t('console.identity.api-key'), value: token })
      return again()
    },
  })
  const revoke = useMutation({
    mutationFn: (id: string) => call<unknown>('DELETE', `${at}/credentials/${id}`),
    onSuccess: again,
  })
  const reset = useMutation({
    mutationFn: async () => (await call<{ enrolment: Enrolment }>('POST', resetPath)).enrolment,
    onSuccess: ({ code }) => {
      setOnce({ label: t('console.door.code.code'), value: code })
      return queries.invalidateQueries({ queryKey: ['identities'] })
    },
  })
  const end = useMutation({
    mutationFn: () => call<unknown>('POST', `${at}/revoke`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['identities'] })
      onClose()
    },
  })
  const error = [addSecret, rotate, revoke].find((one) => one.isError)?.error ?? null
  return (
    <Dialog title={shown.name} onClose={onClose}>
      <div className="form" aria-live="polite">
        {once === null ? null : (
          <>
            <p>{t('console.identity.once')}</p>
            <Secret label={once.label} value={once.value} />
          </>
        )}
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
                  <li key={one.id}>
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
                      <button type="button" className="link" onClick={() => rotate.mutate(one.id)}>
                        {t('console.identity.rotate')}
                      </button>
                    ) : null}
                    <button
                      type="button"
                      className="link"
                      data-tone="bad"
                      onClick={() => revoke.mutate(one.id)}
                    >
                      {t('console.identity.revoke')}
                    </button>
                  </li>
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
            <Form
              work={addKey}
              plain
              submit={t('console.identity.add-key')}
              onSubmit={({ text }) =>
                addKey.mutate({ name: text('name').trim(), ttlSeconds: Number(text('days')) * 86_400 })
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
                  max={365}
                  defaultValue={90}
                  required
                  label={t('console.identity.key-days')}
                />
              </div>
            </Form>
          </>
        ) : (
          <Form work={reset} plain submit={t('console.identity.reset')} onSubmit={() => reset.mutate()}>
            <p className="quiet">{t('console.identity.reset-what')}</p>
          </Form>
        )}
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
        {ending ? (
          <Form work={end} danger submit={t('console.identity.end')} onSubmit={() => end.mutate()}>
            <p>{t('console.identity.end-what')}</p>
          </Form>
        ) : (
          <button type="button" className="link" data-tone="bad" onClick={() => setEnding(true)}>
            {t('console.identity.end-ask')}
          </button>
        )}
      </div>
    </Dialog>
  )
}
