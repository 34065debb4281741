import { FailureNotice } from '@lux/ui'
import { Button, type ButtonProps, Dialog } from '@radix-ui/themes'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ActionButton } from './action-button.tsx'
import type { TokenForm } from './use-token-form.ts'

type Props = {
  form: TokenForm
  trigger: ReactNode
  title: ReactNode
  text?: ReactNode
  /** Why the form cannot be sent now. */
  whyNot: string | null
  go: ReactNode
  danger?: boolean
  onGo(): Promise<void>
  children: ReactNode
}

/** A form that acts on a token: sent by its button or by Enter, off with its reason beside it, its failure inside. */
export function FormDialog(props: Props) {
  const { t } = useTranslation()
  const { form, trigger, title, text, whyNot, go, danger, onGo, children } = props
  const { open, onOpenChange, failure, busy } = form
  const red: ButtonProps = danger ? { color: 'red', highContrast: true } : {}
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Trigger>{trigger}</Dialog.Trigger>
      <Dialog.Content maxWidth="32rem" {...(text === undefined ? { 'aria-describedby': undefined } : {})}>
        <Dialog.Title size="4">{title}</Dialog.Title>
        {text === undefined ? null : <Dialog.Description size="2">{text}</Dialog.Description>}
        <form
          className="form in-dialog"
          onSubmit={(event) => {
            event.preventDefault()
            if (whyNot === null && !busy) void onGo()
          }}
        >
          {children}
          {failure ? <FailureNotice failure={failure} /> : null}
          <div className="actions">
            <ActionButton type="submit" loading={busy} whyNot={whyNot} {...red} onPress={() => undefined}>
              {go}
            </ActionButton>
            <Dialog.Close>
              <Button type="button" variant="surface" color="gray" highContrast>
                {t('common.cancel')}
              </Button>
            </Dialog.Close>
          </div>
        </form>
      </Dialog.Content>
    </Dialog.Root>
  )
}
