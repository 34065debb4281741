import { Button } from '@radix-ui/themes'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { derOf, fromBase64 } from '../../api/bytes.ts'
import { call, saveAs } from '../../api/client.ts'
import type { Key } from '../../api/types.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Form, TextField } from '../../components/form.tsx'
import { CallSnippets } from '../../components/snippets.tsx'

/** A key leaves, wrapped to a public key that the officer names. */
export function ExportKey({ shown, onClose }: { shown: Key; onClose: () => void }) {
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
