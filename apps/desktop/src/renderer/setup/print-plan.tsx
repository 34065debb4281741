import { Icon } from '@lux/ui'
import { Button, Dialog } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../client.ts'

/** The plan as people in the room read it, with places for times and initials: the text of `custody plan print`. */
export function PrintPlan({ id }: { id: string }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  async function open(): Promise<void> {
    const answer = await call('setups.print', { id })
    setText(answer.ok ? answer.value.text : '')
  }
  return (
    <Dialog.Root onOpenChange={(next) => (next ? void open() : setText(''))}>
      <Dialog.Trigger>
        <Button variant="surface" color="gray" highContrast>
          <Icon name="file" />
          {t('setup.print')}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="60rem" aria-describedby={undefined}>
        <Dialog.Title size="4">{t('setup.print')}</Dialog.Title>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
        <pre className="signed-lines" dir="ltr" tabIndex={0} data-record="">
          {text}
        </pre>
        <div className="actions">
          <Dialog.Close>
            <Button variant="surface" color="gray" highContrast>
              {t('setup.close')}
            </Button>
          </Dialog.Close>
        </div>
      </Dialog.Content>
    </Dialog.Root>
  )
}
