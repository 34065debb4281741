import { Code } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { FormDialog } from '../components/form-dialog.tsx'
import { PadNote } from '../components/pad-note.tsx'
import { PinField, takePin } from '../components/pin-field.tsx'
import { PinLine } from '../components/pin-line.tsx'
import { PinWarning } from '../components/pin-warning.tsx'
import { TextLine } from '../components/text-line.tsx'
import { useTokenForm } from '../components/use-token-form.ts'
import { WorkPanel } from '../components/work-panel.tsx'
import { endWork, useWork } from '../stores/work.ts'
import { isSeconded, nobody, SecondOfficer, trimmed } from './second-officer.tsx'

const blank = { typed: '', label: '' }

/** Offered where the profile says that this program can, and with the reason where it cannot. */
export function Initialise({ slot, token }: { slot: string; token: TokenView }) {
  const { t, i18n } = useTranslation()
  const { initialises, initialised, profile } = token
  if (initialises === 'again' || initialises === 'finish' || (initialises === 'once' && !initialised))
    return <InitialiseDialog slot={slot} token={token} />
  const how = `profiles.initialise.${profile}`
  return (
    <span className="why-not" data-initialises={initialises}>
      {t(initialises === 'once' ? 'tokens.erased-not' : 'tokens.initialised-not')}{' '}
      {i18n.exists(how) ? t(how) : null}
    </span>
  )
}

/** Erases a token only by its present label and with a second officer; to finish one keeps its label. PKCS#11 labels hold 32 bytes. */
function InitialiseDialog({ slot, token }: { slot: string; token: TokenView }) {
  const { t } = useTranslation()
  const soPin = useRef<HTMLInputElement>(null)
  const userPin = useRef<HTMLInputElement>(null)
  const soAgain = useRef<HTMLInputElement>(null)
  const userAgain = useRef<HTMLInputElement>(null)
  const [fields, setFields] = useState(blank)
  const report = useWork(({ reports }) => reports[token.serial])
  const [second, setSecond] = useState(nobody)
  const [accepted, setAccepted] = useState(false)
  const form = useTokenForm(() => {
    setAccepted(false)
    setFields(blank)
    setSecond(nobody)
  })
  const set = (name: keyof typeof blank) => (value: string) => setFields((old) => ({ ...old, [name]: value }))

  const finishes = token.initialises === 'finish'
  const erases = token.initialised && !finishes
  const { typed, label } = fields
  const labelBytes = new TextEncoder().encode(label).length
  // Erasing is a try of the security officer's PIN like any other.
  const last = token.initialised && token.soPin.state === 'final'
  const pinWhyNot =
    token.initialised && token.soPin.state === 'locked'
      ? t('tokens.so-pin-locked')
      : last && !accepted
        ? t('tokens.pin-final-first')
        : null
  const fieldsWhyNot =
    erases && typed !== token.label
      ? t('tokens.type-label-first')
      : !finishes && label.trim() === ''
        ? t('tokens.new-label-first')
        : labelBytes > 32
          ? t('tokens.label-too-long', { bytes: labelBytes })
          : erases && !isSeconded(second)
            ? t('tokens.second-first')
            : null
  const whyNot = pinWhyNot ?? fieldsWhyNot

  async function initialise(): Promise<void> {
    const pins = token.padSeconds === null ? { so: takePin(soPin), user: takePin(userPin) } : null
    const again = { so: takePin(soAgain), user: takePin(userAgain) }
    if (pins !== null && (pins.so === '' || pins.user === '')) {
      form.fail('PIN-EMPTY')
      return
    }
    if (pins !== null && (pins.user !== again.user || (!erases && pins.so !== again.so))) {
      form.fail('PIN-NOT-REPEATED')
      return
    }
    const by = {
      ...(erases ? { second: trimmed(second) } : {}),
      ...(last ? { acceptFinalTry: true } : {}),
    }
    setAccepted(false)
    const { serial } = token
    const target = { slot: token.initialised ? null : slot, serial, label: finishes ? token.label : label }
    await form.send(call('tokens.initialise', { ...target, typedLabel: typed, pins, ...by }))
    endWork(serial)
  }

  return (
    <FormDialog
      form={form}
      trigger={
        <Button variant="surface" color={erases ? 'red' : 'indigo'} highContrast>
          {t(erases ? 'tokens.erase' : finishes ? 'tokens.finish' : 'tokens.initialise')}
        </Button>
      }
      title={t(erases ? 'tokens.erase' : finishes ? 'tokens.finish' : 'tokens.initialise')}
      text={t(erases ? 'tokens.erase-text' : finishes ? 'tokens.finish-text' : 'tokens.initialise-text')}
      whyNot={whyNot}
      go={t(erases ? 'tokens.erase-go' : finishes ? 'tokens.finish' : 'tokens.initialise')}
      danger={erases}
      onGo={initialise}
    >
      {erases ? (
        <TextLine
          label={
            <>
              {t('tokens.type-label')} <Code>{token.label}</Code>
            </>
          }
          value={typed}
          onChange={set('typed')}
        />
      ) : null}
      {token.initialised ? (
        <>
          <PinLine pin={token.soPin} />
          <PinWarning pin={token.soPin} accepted={accepted} onAccept={setAccepted} />
        </>
      ) : null}
      {finishes ? null : <TextLine label={t('tokens.new-label')} value={label} onChange={set('label')} />}
      {token.padSeconds === null ? (
        <>
          <PinField
            label={t('tokens.so-pin')}
            field={soPin}
            hint={t(
              erases ? 'tokens.so-pin-present' : finishes ? 'tokens.so-pin-finish' : 'tokens.new-pin-rule',
            )}
          />
          {erases ? null : (
            <PinField label={t('tokens.so-pin-again')} field={soAgain} hint={t('tokens.new-pin-hint')} />
          )}
          <PinField label={t('tokens.user-pin')} field={userPin} hint={t('tokens.new-pin-rule')} />
          <PinField label={t('tokens.user-pin-again')} field={userAgain} hint={t('tokens.new-pin-hint')} />
        </>
      ) : (
        <PadNote seconds={token.padSeconds} entry="both" />
      )}
      {form.busy && report ? <WorkPanel id={token.serial} report={report} /> : null}
      {erases ? <SecondOfficer value={second} onChange={setSecond} /> : null}
    </FormDialog>
  )
}
