import { Code } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ObjectView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { FormDialog } from '../components/form-dialog.tsx'
import { TextLine } from '../components/text-line.tsx'
import { useTokenForm } from '../components/use-token-form.ts'
import { inventory } from '../stores/remotes.ts'
import { isSeconded, nobody, SecondOfficer, trimmed } from './second-officer.tsx'

/** Destroys one key: by its typed label, or its id where it has none, and with a second officer. */
export function DestroyDialog({ serial, object }: { serial: string; object: ObjectView }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [second, setSecond] = useState(nobody)
  const form = useTokenForm(() => {
    setTyped('')
    setSecond(nobody)
  })
  const kind = object.class
  if (object.id === '' || (kind !== 'secret-key' && kind !== 'private-key' && kind !== 'public-key'))
    return null
  const wanted = object.label === '' ? object.id : object.label
  const whyNot =
    typed !== wanted ? t('tokens.type-first') : isSeconded(second) ? null : t('tokens.second-first')

  async function destroy(): Promise<void> {
    // Typed above as one of the three kinds of keys; the narrowing does not reach into a function.
    const of = kind as 'secret-key' | 'private-key' | 'public-key'
    const asked = { serial, id: object.id, class: of, typedLabel: typed, second: trimmed(second) }
    await form.send(call('tokens.destroyObject', asked))
    await inventory.again()
  }

  return (
    <FormDialog
      form={form}
      trigger={
        <Button
          size="1"
          variant="surface"
          color="red"
          highContrast
          aria-label={`${t('tokens.destroy')} ${wanted}`}
        >
          {t('tokens.destroy')}
        </Button>
      }
      title={t('tokens.destroy')}
      text={t('tokens.destroy-text')}
      whyNot={whyNot}
      go={t('tokens.destroy-go')}
      danger
      onGo={destroy}
    >
      <dl className="facts">
        <dt>{t('tokens.object.kind')}</dt>
        <dd>
          {t(`tokens.class.${kind}`)} <Code>{object.type}</Code>
        </dd>
        <dt>{t('facts.cka-id')}</dt>
        <dd>
          <Code>{object.id}</Code>
        </dd>
      </dl>
      <TextLine
        label={
          <>
            {t('tokens.type-object')} <Code>{wanted}</Code>
          </>
        }
        value={typed}
        onChange={setTyped}
      />
      <SecondOfficer value={second} onChange={setSecond} />
    </FormDialog>
  )
}
