import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import type { Key, KeyVersion } from '../api/types.ts'
import { CopyCode } from '../components/copy.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Field, Form } from '../components/form.tsx'
import { Card } from '../components/page.tsx'
import { CallSnippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'

const chosen = ['enabled', 'decrypt-only', 'disabled', 'compromised'] as const

/** Each version: what it may still do, its origin, and the evidence for that. */
export function KeyVersions({
  shown,
  versions,
  manages,
}: {
  shown: Key
  versions: readonly KeyVersion[]
  manages: boolean
}) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const queries = useQueryClient()
  const [changing, setChanging] = useState<KeyVersion | null>(null)
  const path = `/kms/keys/${shown.id}/rotate`
  const again = () =>
    Promise.all(
      [
        ['key', shown.id],
        ['versions', shown.id],
        ['keys', shown.projectId],
      ].map((queryKey) => queries.invalidateQueries({ queryKey })),
    )
  const rotate = useMutation({
    mutationFn: () => call<unknown>('POST', path, {}),
    onSuccess: again,
  })
  const newestFirst = versions.toSorted((one, other) => other.version - one.version)
  if (versions.length === 0) return null
  return (
    <Card title={t('console.versions.title')}>
      <ul className="version-list">
        {newestFirst.map((one) => (
          <li key={one.version}>
            <span className="version-dot" data-state={one.state} aria-hidden="true">
              {t('console.versions.short', { version: one.version })}
            </span>
            <span className="version-text">
              <strong>
                {t('console.versions.said', { version: one.version, state: t(`console.state.${one.state}`) })}
              </strong>
              <span className="quiet">{t(`console.state-means.${one.state}`)}</span>
              <span className="quiet">
                {t(`console.origin.${one.origin}`, { time: time(one.createdAt) })}
              </span>
              {one.bundleDigest === null ? null : (
                <span className="quiet">
                  {t('console.versions.bundle')}{' '}
                  <CopyCode value={one.bundleDigest} shown={`${one.bundleDigest.slice(0, 16)} …`} />
                </span>
              )}
            </span>
            {manages && one.state !== 'destroyed' ? (
              <button type="button" className="link" onClick={() => setChanging(one)}>
                {t('console.versions.change')}
                <span className="visually-hidden">
                  {t('console.versions.short', { version: one.version })}
                </span>
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {manages && shown.threshold === undefined ? (
        <>
          <Form
            work={rotate}
            plain
            submit={t('console.versions.rotate', { version: shown.version + 1 })}
            onSubmit={() => rotate.mutate()}
          >
            <p className="quiet">{t('console.versions.rotate-what')}</p>
          </Form>
          <CallSnippets method="POST" path={path} body={{}} />
          {shown.keyUsage === 'encrypt-decrypt' && shown.version > 1 ? (
            <Oldest key={shown.minDecryptVersion} shown={shown} onDone={again} />
          ) : null}
        </>
      ) : null}
      {changing === null ? null : (
        <ChangeState shown={shown} version={changing} onClose={() => setChanging(null)} onDone={again} />
      )}
    </Card>
  )
}

/** The oldest version that still opens data. */
function Oldest({ shown, onDone }: { shown: Key; onDone: () => Promise<unknown> }) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}`
  const example = { minDecryptVersion: shown.version }
  const work = useMutation({
    mutationFn: (minDecryptVersion: number) => call<unknown>('PATCH', path, { minDecryptVersion }),
    onSuccess: onDone,
  })
  return (
    <>
      <Form
        work={work}
        plain
        submit={t('console.versions.oldest-submit')}
        onSubmit={({ text }) => work.mutate(Number(text('oldest')))}
      >
        <Field
          name="oldest"
          type="number"
          min={1}
          max={shown.version}
          defaultValue={shown.minDecryptVersion}
          required
          label={t('console.versions.oldest')}
          hint={t('console.versions.oldest-what')}
          className="short"
        />
      </Form>
      <CallSnippets method="PATCH" path={path} body={example} />
    </>
  )
}

function ChangeState({
  shown,
  version: { version, state },
  onClose,
  onDone,
}: {
  shown: Key
  version: KeyVersion
  onClose: () => void
  onDone: () => Promise<unknown>
}) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState<string>(state)
  const work = useMutation({
    mutationFn: () => call<unknown>('PATCH', `/kms/keys/${shown.id}/versions/${version}`, { state: wanted }),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog title={t('console.versions.change-title', { version })} onClose={onClose}>
      <Form work={work} submit={t('console.versions.change-submit')} onSubmit={() => work.mutate()}>
        <Choice
          label={t('console.versions.new-state')}
          value={wanted}
          onChange={setWanted}
          options={chosen.map((one) => ({ value: one, label: t(`console.state.${one}`) }))}
        />
        <p className="quiet">{t(`console.state-means.${wanted}`)}</p>
      </Form>
      <CallSnippets
        method="PATCH"
        path={`/kms/keys/${shown.id}/versions/${version}`}
        body={{ state: wanted }}
      />
    </Dialog>
  )
}
