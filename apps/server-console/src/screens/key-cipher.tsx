import { Code } from '@lux/ui'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { textOf, toBase64 } from '../api/bytes.ts'
import { call } from '../api/client.ts'
import type { Key } from '../api/types.ts'
import { CopyButton, Value } from '../components/copy.tsx'
import { Field, Form, TextField } from '../components/form.tsx'
import { CallSnippets, curlOf, Snippets, sdkOf } from '../components/snippets.tsx'
import { Tabs } from '../components/tabs.tsx'

/** Encrypt, decrypt and data keys, here and by a program. */
export function CipherUse({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  return (
    <Tabs
      label={t('console.key.use')}
      tabs={[
        { id: 'encrypt', label: t('console.cipher.encrypt'), panel: <Encrypt shown={shown} /> },
        { id: 'decrypt', label: t('console.cipher.decrypt'), panel: <Decrypt shown={shown} /> },
        { id: 'rewrap', label: t('console.cipher.rewrap'), panel: <Rewrap shown={shown} /> },
        { id: 'data-key', label: t('console.cipher.data-key'), panel: <DataKey shown={shown} /> },
      ]}
    />
  )
}

const withAad = (aad: string): { aad?: string } => (aad === '' ? {} : { aad: toBase64(aad) })

function Aad() {
  const { t } = useTranslation()
  return (
    <Field
      name="aad"
      label={t('console.cipher.aad')}
      hint={t('console.cipher.aad-hint')}
      autoComplete="off"
      maxLength={1024}
    />
  )
}

function Encrypt({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/encrypt`
  const work = useMutation({
    mutationFn: (body: object) => call<{ ciphertext: string }>('POST', path, body),
  })
  const example = { plaintext: toBase64('hello') }
  return (
    <>
      <Form
        work={work}
        submit={t('console.cipher.encrypt')}
        onSubmit={({ text }) =>
          work.mutate({ plaintext: toBase64(text('plaintext')), ...withAad(text('aad')) })
        }
      >
        <TextField
          name="plaintext"
          label={t('console.cipher.plaintext')}
          autoComplete="off"
          spellCheck={false}
        />
        <Aad />
      </Form>
      <div aria-live="polite">
        {work.data === undefined ? null : (
          <Value label={t('console.cipher.ciphertext')} value={work.data.ciphertext} />
        )}
      </div>
      <Snippets
        snippet={{
          curl: curlOf('POST', path, example),
          typescript: sdkOf(
            'const ciphertext = await sdk.kms().encryption().encrypt({',
            `  keyId: '${shown.id}',`,
            "  plaintext: Buffer.from('hello').toString('base64'),",
            '})',
          ),
        }}
      />
    </>
  )
}

function Decrypt({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/decrypt`
  const work = useMutation({
    mutationFn: (body: object) => call<{ plaintext: string }>('POST', path, body),
  })
  return (
    <>
      <Form
        work={work}
        submit={t('console.cipher.decrypt')}
        onSubmit={({ text }) =>
          work.mutate({ ciphertext: text('ciphertext').trim(), ...withAad(text('aad')) })
        }
      >
        <Ciphertext />
        <Aad />
      </Form>
      <div aria-live="polite">
        {work.data === undefined ? null : <Plaintext base64={work.data.plaintext} onHide={work.reset} />}
      </div>
      <Snippets
        snippet={{
          curl: curlOf('POST', path, { ciphertext: '…' }),
          typescript: sdkOf(
            'const plaintext = await sdk.kms().encryption().decrypt({',
            `  keyId: '${shown.id}',`,
            '  ciphertext,',
            '})',
          ),
        }}
      />
    </>
  )
}

function Ciphertext() {
  const { t } = useTranslation()
  return (
    <TextField
      name="ciphertext"
      label={t('console.cipher.ciphertext')}
      required
      autoComplete="off"
      spellCheck={false}
      dir="ltr"
      className="mono"
    />
  )
}

function Rewrap({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/rewrap`
  const work = useMutation({
    mutationFn: (body: object) => call<{ ciphertext: string }>('POST', path, body),
  })
  return (
    <>
      <p>{t('console.cipher.rewrap-what')}</p>
      <Form
        work={work}
        submit={t('console.cipher.rewrap-submit', { version: shown.version })}
        onSubmit={({ text }) =>
          work.mutate({
            ciphertext: text('ciphertext').trim(),
            ...withAad(text('aad')),
            ...(text('new-aad') === '' ? {} : { newAad: toBase64(text('new-aad')) }),
          })
        }
      >
        <Ciphertext />
        <Aad />
        <Field
          name="new-aad"
          label={t('console.cipher.new-aad')}
          hint={t('console.cipher.new-aad-hint')}
          autoComplete="off"
          maxLength={1024}
        />
      </Form>
      <div aria-live="polite">
        {work.data === undefined ? null : (
          <Value label={t('console.cipher.rewrapped')} value={work.data.ciphertext} />
        )}
      </div>
      <CallSnippets method="POST" path={path} body={{ ciphertext: '…' }} />
    </>
  )
}

function Plaintext({ base64, onHide }: { base64: string; onHide: () => void }) {
  const { t } = useTranslation()
  const text = textOf(base64)
  return (
    <div className="secret">
      <span className="secret-label">
        {text === null ? t('console.cipher.bytes') : t('console.cipher.plaintext')}
      </span>
      {text === null ? <Code>{base64}</Code> : <pre className="plaintext">{text}</pre>}
      <span className="actions">
        <CopyButton text={text ?? base64} />
        <button type="button" className="link" onClick={onHide}>
          {t('console.cipher.forget')}
        </button>
      </span>
    </div>
  )
}

function DataKey({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const [made, setMade] = useState<string | null>(null)
  const path = `/kms/keys/${shown.id}/generate-data-key-without-plaintext`
  const work = useMutation({
    mutationFn: () => call<{ ciphertext: string }>('POST', path, {}),
    onSuccess: ({ ciphertext }) => setMade(ciphertext),
  })
  const withPlain = `/kms/keys/${shown.id}/generate-data-key`
  return (
    <>
      <p>{t('console.cipher.data-key-what')}</p>
      <Form work={work} submit={t('console.cipher.data-key-submit')} onSubmit={() => work.mutate()} />
      <div aria-live="polite">
        {made === null ? null : <Value label={t('console.cipher.data-key-wrapped')} value={made} />}
      </div>
      <CallSnippets method="POST" path={withPlain} body={{ keySpec: 'AES_256' }} />
    </>
  )
}
