import { Button } from '@radix-ui/themes'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { derOf, fromBase64 } from '../api/bytes.ts'
import { call, saveAs } from '../api/client.ts'
import { maxDescription, maxRotationDays } from '../api/limits.ts'
import type { Key } from '../api/types.ts'
import { Value } from '../components/copy.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field, Form, TextField } from '../components/form.tsx'
import { KeyName } from '../components/key-name.tsx'
import { Card } from '../components/page.tsx'
import { CallSnippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'

/** Disables, renames, exports or ends a key. Each screen says beforehand whether it can be undone. */
export function KeyLife({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const queries = useQueryClient()
  const [asking, setAsking] = useState<'delete' | 'shred' | 'schedule' | 'export' | 'rename' | null>(null)
  const again = () =>
    Promise.all(
      [
        ['key', shown.id],
        ['versions', shown.id],
        ['keys', shown.projectId],
      ].map((queryKey) => queries.invalidateQueries({ queryKey })),
    )
  const path = `/kms/keys/${shown.id}`
  const change = useMutation({
    mutationFn: (body: object) => call<unknown>('PATCH', path, body),
    onSuccess: again,
  })
  const cancel = useMutation({
    mutationFn: () => call<unknown>('POST', `${path}/cancel-deletion`, {}),
    onSuccess: again,
  })
  const close = () => setAsking(null)
  return (
    <Card title={t('console.life.title')}>
      {shown.deletionDate === null ? (
        <>
          <Form
            work={change}
            plain
            submit={shown.isDisabled ? t('console.life.enable') : t('console.life.disable')}
            onSubmit={() => change.mutate({ isDisabled: !shown.isDisabled })}
          >
            <p className="quiet">
              {shown.isDisabled ? t('console.life.enable-what') : t('console.life.disable-what')}
            </p>
          </Form>
          <CallSnippets method="PATCH" path={path} body={{ isDisabled: !shown.isDisabled }} />
          <div className="links">
            <button type="button" className="link" onClick={() => setAsking('rename')}>
              {t('console.life.rename')}
            </button>
            {shown.threshold === undefined ? (
              <button type="button" className="link" onClick={() => setAsking('schedule')}>
                {t('console.life.schedule')}
              </button>
            ) : null}
            {shown.isExportable ? (
              <button type="button" className="link" onClick={() => setAsking('export')}>
                {t('console.export.open')}
              </button>
            ) : null}
            <button type="button" className="link" onClick={() => setAsking('delete')}>
              {t('console.life.delete')}
            </button>
            {/* The server cannot shred a threshold key, because its holders have the shares. */}
            {shown.threshold === undefined ? (
              <button type="button" className="link" data-tone="bad" onClick={() => setAsking('shred')}>
                {t('console.life.shred')}
              </button>
            ) : null}
          </div>
        </>
      ) : (
        <>
          <Form work={cancel} submit={t('console.life.cancel')} onSubmit={() => cancel.mutate()}>
            <p>{t('console.life.deletes', { date: date(shown.deletionDate) })}</p>
          </Form>
          <CallSnippets method="POST" path={`${path}/cancel-deletion`} body={{}} />
        </>
      )}
      {asking === 'schedule' ? <Schedule shown={shown} onClose={close} onDone={again} /> : null}
      {asking === 'rename' ? <Rename shown={shown} onClose={close} onDone={again} /> : null}
      {asking === 'export' ? <ExportKey shown={shown} onClose={close} /> : null}
      {asking === 'delete' ? <Delete shown={shown} onClose={close} onDone={again} /> : null}
      {asking === 'shred' ? <Shred shown={shown} onClose={close} onDone={again} /> : null}
    </Card>
  )
}

type Asking = { shown: Key; onClose: () => void; onDone: () => Promise<unknown> }

function Schedule({ shown, onClose, onDone }: Asking) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}`
  const work = useMutation({
    mutationFn: (days: number | null) => call<unknown>('PATCH', path, { rotateEveryDays: days }),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog title={t('console.life.schedule')} onClose={onClose}>
      <Form
        work={work}
        submit={t('console.life.schedule-submit')}
        onSubmit={({ text }) => work.mutate(text('days') === '' ? null : Number(text('days')))}
      >
        <Field
          name="days"
          type="number"
          min={1}
          max={maxRotationDays}
          defaultValue={shown.rotateEveryDays ?? ''}
          label={t('console.new-key.days')}
          hint={t('console.new-key.days-hint')}
          className="short"
        />
      </Form>
      <CallSnippets method="PATCH" path={path} body={{ rotateEveryDays: 90 }} />
    </Dialog>
  )
}

function Rename({ shown, onClose, onDone }: Asking) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}`
  const work = useMutation({
    mutationFn: (body: object) => call<unknown>('PATCH', path, body),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  const example = { name: `${shown.name.slice(0, 28)}-new` }
  return (
    <Dialog title={t('console.life.rename-title', { name: shown.name })} onClose={onClose}>
      <Form
        work={work}
        submit={t('console.life.rename-submit')}
        onSubmit={({ text }) => {
          const [name, description] = [text('name').trim(), text('description')]
          work.mutate({
            ...(name === shown.name ? {} : { name }),
            description: description === '' ? null : description,
          })
        }}
      >
        <p>{t('console.life.rename-what')}</p>
        <KeyName defaultValue={shown.name} />
        <Field
          name="description"
          label={t('console.new-key.description')}
          defaultValue={shown.description ?? ''}
          maxLength={maxDescription}
        />
      </Form>
      <CallSnippets method="PATCH" path={path} body={example} />
    </Dialog>
  )
}

function Delete({ shown, onClose, onDone }: Asking) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}`
  const work = useMutation({
    mutationFn: (days: number) => call<unknown>('DELETE', `${path}?days=${days}`),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog title={t('console.life.delete-title', { name: shown.name })} onClose={onClose}>
      <Form
        work={work}
        danger
        submit={t('console.life.delete-submit')}
        onSubmit={({ text }) => work.mutate(Number(text('days')))}
      >
        <p>{t('console.life.delete-what')}</p>
        <Field
          name="days"
          type="number"
          min={1}
          max={30}
          defaultValue={7}
          required
          label={t('console.life.delete-days')}
          className="short"
        />
      </Form>
      <CallSnippets method="DELETE" path={`${path}?days=7`} />
    </Dialog>
  )
}

function Shred({ shown, onClose, onDone }: Asking) {
  const { t } = useTranslation()
  const work = useMutation({
    mutationFn: (confirmName: string) =>
      call<{ receipt: object }>('POST', `/kms/keys/${shown.id}/shred`, { confirmName }),
    onSuccess: onDone,
  })
  return (
    <Dialog title={t('console.life.shred-title', { name: shown.name })} onClose={onClose}>
      {work.data === undefined ? (
        <>
          <Form
            work={work}
            danger
            submit={t('console.life.shred-submit')}
            onSubmit={({ text }) => work.mutate(text('name'))}
          >
            <p>{t('console.life.shred-what')}</p>
            <Field
              name="name"
              label={t('console.life.shred-name', { name: shown.name })}
              required
              autoComplete="off"
              spellCheck={false}
              dir="ltr"
            />
          </Form>
          <CallSnippets
            method="POST"
            path={`/kms/keys/${shown.id}/shred`}
            body={{ confirmName: shown.name }}
          />
        </>
      ) : (
        <>
          <p>{t('console.life.shredded')}</p>
          <Value label={t('console.life.receipt')} value={JSON.stringify(work.data.receipt)} />
        </>
      )}
    </Dialog>
  )
}

/** Exports a key, wrapped to a public key that the officer names. */
function ExportKey({ shown, onClose }: { shown: Key; onClose: () => void }) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/export`
  const work = useMutation({
    mutationFn: (pem: string) => call<{ wrappedKey: string }>('POST', path, { publicKey: derOf(pem) }),
  })
  const { data } = work
  const example = { publicKey: '…' }
  return (
    <Dialog title={t('console.export.title', { name: shown.name })} onClose={onClose}>
      {data === undefined ? (
        <Form
          work={work}
          submit={t('console.export.submit')}
          onSubmit={({ text }) => work.mutate(text('to'))}
        >
          <p>{t('console.export.what')}</p>
          <TextField
            name="to"
            label={t('console.export.to')}
            hint={t('console.export.to-hint')}
            required
            maxLength={4096}
            dir="ltr"
            spellCheck={false}
          />
        </Form>
      ) : (
        <>
          <p role="status">{t('console.export.done')}</p>
          <div>
            <Button
              type="button"
              size="3"
              onClick={() => saveAs(new Blob([fromBase64(data.wrappedKey)]), `${shown.name}.wrapped`)}
            >
              {t('console.export.save')}
            </Button>
          </div>
        </>
      )}
      <CallSnippets method="POST" path={path} body={example} />
    </Dialog>
  )
}
