import { Icon, Rec } from '@lux/ui'
import { Button, Checkbox, Select } from '@radix-ui/themes'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DraftEdit, DraftPartView, DraftStepView, DraftView } from '../../contract/index.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { Faults } from '../setup/faults.tsx'
import { DraftFields } from './draft-fields.tsx'

type Edit = (change: DraftEdit) => Promise<boolean>

/** The steps, part by part; one of them is open. */
export function Parts({ draft, edit }: { draft: DraftView; edit: Edit }) {
  const { t, i18n } = useTranslation()
  const said = useScriptText()
  const [open, setOpen] = useState<string | null>(null)
  const list = useRef<HTMLDivElement>(null)
  // A step that was moved keeps the focus, though it may stand in another part now.
  const held = useRef<string | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once it stands where it was moved to
  useEffect(() => {
    if (held.current === null) return
    const row = list.current?.querySelector<HTMLElement>(`[data-step="${held.current}"]`)
    held.current = null
    row?.focus()
    row?.scrollIntoView({ block: 'nearest' })
  }, [draft])
  const move = (id: string, by: -1 | 1): void => {
    held.current = id
    void edit({ do: 'move-step', id, by })
  }
  const kindName = (kind: string): string => (i18n.exists(`steps.${kind}`) ? t(`steps.${kind}`) : kind)
  let number = 0
  return (
    <div ref={list} className="designer-parts">
      {draft.parts.map((part, at) => {
        const before = number
        number += part.steps.length
        return (
          <section key={`${part.kind} ${part.steps[0]?.id}`} aria-label={said.part(part)}>
            <h3 className="setup-group">{said.part(part)}</h3>
            <ol className="setup-list" start={before + 1}>
              {part.steps.map((step, place) => (
                <Row
                  key={step.id}
                  step={step}
                  number={before + place + 1}
                  open={open === step.id}
                  onOpen={() => setOpen(open === step.id ? null : step.id)}
                  onRename={setOpen}
                  move={move}
                  edit={edit}
                />
              ))}
            </ol>
            <AddStep draft={draft} part={part} at={at} kindName={kindName} edit={edit} onAdded={setOpen} />
          </section>
        )
      })}
      <AddPart draft={draft} edit={edit} />
    </div>
  )
}

function Row({
  step,
  number,
  open,
  onOpen,
  onRename,
  move,
  edit,
}: {
  step: DraftStepView
  number: number
  open: boolean
  onOpen: () => void
  onRename: (id: string) => void
  move: (id: string, by: -1 | 1) => void
  edit: Edit
}) {
  const { t } = useTranslation()
  const said = useScriptText()
  const { title } = said.step(step)
  const cosign = useId()
  return (
    <li className="designer-step" data-faulty={step.faults.length > 0 ? '' : undefined}>
      <div className="designer-row">
        <button
          type="button"
          data-step={step.id}
          aria-expanded={open}
          aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
          onClick={onOpen}
          onKeyDown={(event) => {
            if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
            event.preventDefault()
            move(step.id, event.key === 'ArrowUp' ? -1 : 1)
          }}
        >
          <span className="tabular">{number}</span>
          <span className="row-text">
            <strong>
              <Rec>{title}</Rec>
            </strong>
            <span className="quiet">
              {t(`roles.${step.actor.role}`)}
              {step.cosigned ? ` · ${t('designer.cosigned')}` : ''}
            </span>
          </span>
          {step.faults.length === 0 ? null : (
            <span className="designer-fault">
              <Icon name="alert" size={18} />
              <span className="visually-hidden">{t('designer.faults', { count: step.faults.length })}</span>
            </span>
          )}
        </button>
        <Button
          type="button"
          variant="ghost"
          color="gray"
          highContrast
          aria-label={t('designer.up-for', { name: title })}
          onClick={() => move(step.id, -1)}
        >
          {t('designer.up')}
        </Button>
        <Button
          type="button"
          variant="ghost"
          color="gray"
          highContrast
          aria-label={t('designer.down-for', { name: title })}
          onClick={() => move(step.id, 1)}
        >
          {t('designer.down')}
        </Button>
      </div>
      {open ? (
        <div className="designer-form">
          <Faults faults={step.faults} />
          <DraftFields
            fields={step.fields}
            onChange={(entry, value) => {
              if (entry === 'id') onRename(value)
              void edit({ do: 'change-step', id: step.id, entry, value })
            }}
          />
          {step.checkpoint ? (
            <label htmlFor={cosign} className="actions">
              <Checkbox
                id={cosign}
                checked={step.cosigned}
                onCheckedChange={(on) => void edit({ do: 'cosign', id: step.id, on: on === true })}
              />
              {t('designer.cosign')}
            </label>
          ) : null}
          <div>
            <Button
              type="button"
              variant="ghost"
              color="gray"
              highContrast
              aria-label={t('designer.remove-for', { name: title })}
              onClick={() => void edit({ do: 'remove-step', id: step.id })}
            >
              {t('designer.remove')}
            </Button>
          </div>
        </div>
      ) : (
        <Faults faults={step.faults} />
      )}
    </li>
  )
}

function AddStep({
  draft,
  part,
  at,
  kindName,
  edit,
  onAdded,
}: {
  draft: DraftView
  part: DraftPartView
  at: number
  kindName: (kind: string) => string
  edit: Edit
  onAdded: (id: string) => void
}) {
  const { t } = useTranslation()
  const said = useScriptText()
  return (
    <Select.Root
      value=""
      onValueChange={(kind) => {
        const free = draft.parts.every(({ steps }) => steps.every(({ id }) => id !== kind))
        void edit({ do: 'add-step', part: at, at: part.steps.length, step: kind }).then((done) => {
          // Its id is its kind where that was free.
          if (done && free) onAdded(kind)
        })
      }}
    >
      <Select.Trigger
        variant="surface"
        aria-label={t('designer.add-step-for', { part: said.part(part) })}
        placeholder={t('designer.add-step')}
      />
      <Select.Content>
        {draft.kinds.steps.map((kind) => (
          <Select.Item key={kind} value={kind}>
            {kindName(kind)}
          </Select.Item>
        ))}
      </Select.Content>
    </Select.Root>
  )
}

/** A part begins with a step: one without any is none. */
function AddPart({ draft, edit }: { draft: DraftView; edit: Edit }) {
  const { t } = useTranslation()
  const said = useScriptText()
  return (
    <Select.Root value="" onValueChange={(kind) => void edit({ do: 'add-part', kind })}>
      <Select.Trigger
        variant="surface"
        aria-label={t('designer.add-part')}
        placeholder={t('designer.add-part')}
      />
      <Select.Content>
        {draft.kinds.parts.map((kind) => (
          <Select.Item key={kind} value={kind}>
            {said.part({ kind, title: kind })}
          </Select.Item>
        ))}
      </Select.Content>
    </Select.Root>
  )
}
