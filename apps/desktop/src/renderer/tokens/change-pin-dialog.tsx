import { Code } from '@lux/ui'
import { Button, SegmentedControl } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { FormDialog } from '../components/form-dialog.tsx'
import { PadNote } from '../components/pad-note.tsx'
import { PinField, takePin } from '../components/pin-field.tsx'
import { PinLine } from '../components/pin-line.tsx'
import { TextLine } from '../components/text-line.tsx'
import { useTokenForm } from '../components/use-token-form.ts'
import { WorkPanel } from '../components/work-panel.tsx'
import { endWork, useWork } from '../stores/work.ts'

/** Whoever is logged in changes their own PIN, and where nobody is the user, by the present one; the security officer also gives the user a new one, by the typed label. */
export function ChangePinDialog({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const old = useRef<HTMLInputElement>(null)
  const fresh = useRef<HTMLInputElement>(null)
  const again = useRef<HTMLInputElement>(null)
  const officer = token.session === 'so'
  const [whose, setWhose] = useState<'user' | 'so'>(officer ? 'so' : 'user')
  const [typed, setTyped] = useState('')
  const report = useWork(({ reports }) => reports[token.serial])
  const form = useTokenForm(() => setTyped(''))
  const atPad = token.padSeconds !== null
  const resets = officer && whose === 'user'
  const state = whose === 'so' ? token.soPin : token.userPin
  const whyNot =
    resets && typed !== token.label
      ? t('tokens.type-label-first')
      : !resets && (state.state === 'final' || state.state === 'locked')
        ? t('tokens.pin-change-last')
        : null

  async function change(): Promise<void> {
    const { serial } = token
    if (atPad) {
      await form.send(
        resets
          ? call('tokens.resetUserPin', { serial, typedLabel: typed, newPin: null })
          : call('tokens.changePin', { serial, user: whose, pins: null }),
      )
      endWork(serial)
      return
    }
    const [oldPin, newPin, repeated] = [takePin(old), takePin(fresh), takePin(again)]
    if (newPin === '' || (!resets && oldPin === '')) form.fail('PIN-EMPTY')
    else if (newPin !== repeated) form.fail('PIN-NOT-REPEATED')
    else if (resets) await form.send(call('tokens.resetUserPin', { serial, typedLabel: typed, newPin }))
    else
      await form.send(call('tokens.changePin', { serial, user: whose, pins: { old: oldPin, new: newPin } }))
  }

  return (
    <FormDialog
      form={form}
      trigger={
        <Button variant="surface" color="gray" highContrast>
          {t('tokens.change-pin')}
        </Button>
      }
      title={t('tokens.change-pin')}
      text={t(resets ? 'tokens.reset-pin-text' : 'tokens.change-pin-text')}
      whyNot={whyNot}
      go={t('tokens.change-pin')}
      danger={resets}
      onGo={change}
    >
      {officer ? (
        <SegmentedControl.Root
          value={whose}
          aria-label={t('tokens.whose-pin')}
          onValueChange={(value) => setWhose(value === 'user' ? 'user' : 'so')}
        >
          <SegmentedControl.Item value="so">{t('tokens.so-pin')}</SegmentedControl.Item>
          <SegmentedControl.Item value="user">{t('tokens.user-pin')}</SegmentedControl.Item>
        </SegmentedControl.Root>
      ) : null}
      <PinLine pin={state} />
      {resets ? (
        <TextLine
          label={
            <>
              {t('tokens.type-label')} <Code>{token.label}</Code>
            </>
          }
          value={typed}
          onChange={setTyped}
        />
      ) : atPad ? null : (
        <PinField label={t('tokens.old-pin')} field={old} />
      )}
      {token.padSeconds === null ? (
        <>
          <PinField label={t('tokens.new-pin')} field={fresh} hint={t('tokens.new-pin-rule')} />
          <PinField label={t('tokens.new-pin-again')} field={again} hint={t('tokens.new-pin-hint')} />
        </>
      ) : (
        <PadNote seconds={token.padSeconds} entry={resets ? 'new' : 'change'} />
      )}
      {form.busy && report ? <WorkPanel id={token.serial} report={report} /> : null}
    </FormDialog>
  )
}
