import { Button } from '@radix-ui/themes'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { pemOf, toBase64 } from '../../api/bytes.ts'
import { call, saveAs } from '../../api/client.ts'
import type { ProjectChoice } from '../../api/queries.ts'
import type { Key } from '../../api/types.ts'
import { CopyButton } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice, Field, type Fields, Form, Tick } from '../../components/form.tsx'
import { KeyName } from '../../components/key-name.tsx'
import { go } from '../../components/route.ts'
import { curlOf, fetchOf, Snippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'

type ImportKey = { readonly id: string; readonly publicKey: string; readonly expiresAt: string }

const algorithms = [
  ...['aes-256-gcm', 'aes-128-gcm', 'HMAC_256', 'HMAC_384', 'HMAC_512'],
  ...['RSA_2048', 'RSA_4096', 'ECC_NIST_P256', 'ECC_NIST_P384'],
]

/** How a key is wrapped for import: RSA-OAEP wraps a fresh AES key, and AES-KWP wraps the key under that. */
const wrap = [
  'openssl rand -out aes.bin 32',
  `openssl enc -id-aes256-wrap-pad -iv A65959A6 -K "$(od -An -vtx1 aes.bin | tr -d ' \\n')" -in key.bin -out key.part`,
  'openssl pkeyutl -encrypt -pubin -inkey import-key.pem -pkeyopt rsa_padding_mode:oaep \\',
  '  -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -in aes.bin -out aes.part',
  'cat aes.part key.part > wrapped.bin',
].join('\n')

/** Imports a key that was made and wrapped elsewhere. This page never sees it unwrapped. */
export function ImportNewKey({
  projects,
  onClose,
}: {
  projects: readonly ProjectChoice[]
  onClose: () => void
}) {
  const { t } = useTranslation()
  const both = (snippet: typeof curlOf | typeof fetchOf) =>
    [
      snippet('POST', '/kms/import-keys', { projectId: projects[0]?.value ?? '' }),
      snippet('POST', '/kms/keys/import', {
        importKeyId: '…',
        name: 'brought',
        algorithm: 'aes-256-gcm',
        wrappedKey: '…',
      }),
    ].join('\n\n')
  const ask = useMutation({
    mutationFn: async (projectId: string) =>
      (await call<{ importKey: ImportKey }>('POST', '/kms/import-keys', { projectId })).importKey,
  })
  return (
    <Dialog title={t('console.import.title')} onClose={onClose}>
      {ask.data === undefined ? (
        <>
          <Form
            work={ask}
            submit={t('console.import.ask')}
            onSubmit={({ text }) => ask.mutate(text('project'))}
          >
            <p>{t('console.import.what')}</p>
            <Choice name="project" label={t('console.new-key.project')} options={projects} />
          </Form>
          <Snippets snippet={{ curl: both(curlOf), typescript: both(fetchOf) }} />
        </>
      ) : (
        <Wrapped importKey={ask.data} />
      )}
    </Dialog>
  )
}

function Wrapped({ importKey }: { importKey: ImportKey }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const queries = useQueryClient()
  const work = useMutation({
    mutationFn: async (fields: Fields) => {
      const file = fields.file('file')
      const wrappedKey = file === null ? '' : toBase64(new Uint8Array(await file.arrayBuffer()))
      const body = {
        ...{
          importKeyId: importKey.id,
          name: fields.text('name').trim(),
          algorithm: fields.text('algorithm'),
        },
        ...(fields.all('exportable').length === 0 ? {} : { isExportable: true }),
        wrappedKey,
      }
      return (await call<{ key: Key }>('POST', '/kms/keys/import', body)).key
    },
    onSuccess: async ({ id, projectId }) => {
      await queries.invalidateQueries({ queryKey: ['keys', projectId] })
      go('keys', id)
    },
  })
  return (
    <Form work={work} submit={t('console.import.submit')} onSubmit={(fields) => work.mutate(fields)}>
      <p>{t('console.import.wrap', { time: time(importKey.expiresAt) })}</p>
      <div>
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          onClick={() => saveAs(new Blob([pemOf('PUBLIC KEY', importKey.publicKey)]), 'import-key.pem')}
        >
          {t('console.import.save')}
        </Button>
      </div>
      <pre dir="ltr" data-record="">
        <code>{wrap}</code>
      </pre>
      <CopyButton text={wrap} />
      <KeyName />
      <Choice
        name="algorithm"
        label={t('console.new-key.algorithm')}
        hint={t('console.import.form')}
        options={algorithms.map((value) => ({ value, label: t(`console.algorithm.${value}`) }))}
      />
      <Field name="file" type="file" label={t('console.import.file')} required />
      <Tick name="exportable" label={t('console.new-key.exportable')} />
    </Form>
  )
}
