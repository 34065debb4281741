import { FailureNotice, Rec } from '@lux/ui'
import { Button, Checkbox, Select } from '@radix-ui/themes'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Fields, firstMissing } from '../components/fields.tsx'
import { WorkPanel } from '../components/work-panel.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { useWork } from '../stores/work.ts'
import type { Act } from './act.ts'
import { FactList } from './fact-list.tsx'
import { NeedFile } from './need-file.tsx'
import { NeedPin } from './need-pin.tsx'
import { NeedSign } from './need-sign.tsx'
import { RunWaits } from './run-waits.tsx'
import { Unstated } from './unstated.tsx'
import { VendorProcedure } from './vendor-procedure.tsx'

type Props = { view: RunView; step: CurrentStep; act: Act }

/** One step: who acts in large type, what to do or say, what it waits for, and Proceed. */
export function RunStep({ view, step, act }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const textOf = useScriptText()
  const { title, text } = textOf.step(step)
  const peers = view.people.filter(({ role }) => role === step.actor.role)
  const [by, setBy] = useState(
    peers.find(({ name }) => name === step.actor.name)?.name ?? peers[0]?.name ?? '',
  )
  const [confirmed, setConfirmed] = useState<Record<string, boolean>>({})
  const [values, setValues] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const pushed = useWork(({ reports }) => reports[view.id])
  const work = view.work ?? (busy ? pushed : undefined) ?? pushed

  const confirms = step.needs.filter((need) => need.need === 'confirm')
  const fields = step.needs.flatMap((need) => (need.need === 'values' ? need.fields : []))
  const missing = firstMissing(fields, values)
  const whyNot = !step.mayProceed
    ? t(`blocked.${step.blocked ?? 'machine-works'}`)
    : confirms.some(({ text: what }) => !confirmed[what])
      ? t('runner.confirm-first')
      : missing
        ? t('runner.value-first', { field: textOf.field(missing) })
        : null

  async function proceed(): Promise<void> {
    setBusy(true)
    const filled = Object.fromEntries(
      fields.map(({ name, initial }) => [name, values[name] ?? initial ?? '']),
    )
    const input = {
      ...(confirms.length > 0 ? { confirmed: true } : {}),
      ...(fields.length > 0 ? { values: filled } : {}),
    }
    await act(call('ceremonies.proceed', { id: view.id, step: step.id, by, input }))
    setBusy(false)
  }

  return (
    <section className="panel" aria-labelledby={`${id}-title`}>
      <div className="step">
        <p className="step-actor">
          <small>
            {t('runner.step', { number: step.number, total: view.progress.total })} ·{' '}
            {t(`roles.${step.actor.role}`)}
          </small>
          <Rec>{step.actor.name || peers.map(({ name }) => name).join(', ')}</Rec>
        </p>
        <h2 id={`${id}-title`} className="step-title">
          <Rec>{title}</Rec>
        </h2>
        <p className="step-text">
          <Rec>{text}</Rec>
        </p>
        {step.facts.length > 0 ? <FactList facts={step.facts} /> : null}
        {step.failure ? <FailureNotice failure={step.failure} /> : null}
        <VendorProcedure steps={step.procedure} />
        <RunWaits view={view} step={step} />
        <Unstated view={view} step={step} act={act} />
        {step.needs.map((need, index) => {
          const key = `${need.need} ${index}`
          switch (need.need) {
            case 'confirm':
              return (
                <div key={key} className="step-need">
                  <label htmlFor={`${id}-${index}`} className="actions confirm">
                    <Checkbox
                      size="3"
                      id={`${id}-${index}`}
                      checked={confirmed[need.text] ?? false}
                      onCheckedChange={(on) => setConfirmed((old) => ({ ...old, [need.text]: on === true }))}
                    />
                    <Rec>{need.text}</Rec>
                  </label>
                </div>
              )
            case 'values':
              return (
                <div key={key} className="step-need form">
                  <Fields
                    fields={need.fields}
                    values={values}
                    onChange={(name, value) => setValues((old) => ({ ...old, [name]: value }))}
                  />
                </div>
              )
            case 'pin':
              return <NeedPin key={key} view={view} need={need} act={act} />
            case 'sign':
              return <NeedSign key={key} view={view} need={need} act={act} />
            case 'file':
              return <NeedFile key={key} view={view} need={need} act={act} />
          }
          return null
        })}
        {work ? <WorkPanel id={view.id} report={work} /> : null}
        <div className="step-foot">
          {peers.length > 1 ? (
            <Select.Root value={by} onValueChange={setBy}>
              <Select.Trigger aria-label={t('runner.by')} />
              <Select.Content>
                {peers.map(({ name }) => (
                  <Select.Item key={name} value={name}>
                    <Rec>{name}</Rec>
                  </Select.Item>
                ))}
              </Select.Content>
            </Select.Root>
          ) : null}
          {view.may.cancel && !work ? (
            <Button
              variant="surface"
              color="gray"
              highContrast
              onClick={() => void call('ceremonies.cancel', { id: view.id })}
            >
              {t('common.cancel')}
            </Button>
          ) : null}
          <ActionButton size="3" loading={busy} whyNot={whyNot} onPress={() => void proceed()}>
            {t('runner.proceed')}
          </ActionButton>
        </div>
      </div>
    </section>
  )
}
