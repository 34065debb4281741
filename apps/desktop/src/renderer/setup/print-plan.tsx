import { Icon } from '@lux/ui'
import { Button, Dialog } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Paper, Result, SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { planPaper } from '../paper/plan-paper.ts'
import { PrintPaper } from '../paper/print-paper.tsx'

/** The plan as people in the room read it, with places for times and initials: the text of `custody plan print`. */
export function PrintPlan({ setup }: { setup: SetupView }) {
  const { id } = setup
  const { t, i18n } = useTranslation()
  const said = useScriptText()
  const [text, setText] = useState('')
  async function open(): Promise<void> {
    const answer = await call('setups.print', { id })
    setText(answer.ok ? answer.value.text : '')
  }
  async function script(): Promise<Result<Paper>> {
    const plan = await call('setups.print', { id })
    if (!plan.ok) return plan
    return { ok: true, value: planPaper(t, said, paperLanguage(i18n.language), setup, plan.value.parts) }
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
          <PrintPaper label={t('setup.print-script')} name="script" paper={script} />
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
