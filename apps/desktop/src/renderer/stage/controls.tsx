import { Icon, Rec } from '@lux/ui'
import { AlertDialog, Button, DropdownMenu, TextField } from '@radix-ui/themes'
import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import type { Act } from '../runner/act.ts'
import { useTyped } from '../stores/room.ts'
import { RemarkDialog } from './remark-dialog.tsx'
import { leadersOf, playedAlone } from './run-people.ts'
import { WhoSelect } from './who-select.tsx'

const quiet = { variant: 'ghost', color: 'gray', highContrast: true } as const

/** What may be done at any step besides going on: write something down, report something, pause, stop. */
export function Controls({ view, act }: { view: RunView; act: Act }) {
  const { t } = useTranslation()
  const { may, current } = view
  if (!may.pause && !may.resume && !may.abort && !may.note) return <div className="stage-controls" />
  return (
    <div className="stage-controls">
      {may.note ? <RemarkDialog view={view} act={act} kind="note" step={current?.id ?? 'run'} /> : null}
      {may.deviate && current !== null ? (
        <RemarkDialog view={view} act={act} kind="deviation" step={current.id} />
      ) : null}
      {may.pause ? (
        <ByLeader view={view} act={(by) => act(call('ceremonies.pause', { id: view.id, by }))}>
          <Icon name="pause" />
          {t('runner.pause')}
        </ByLeader>
      ) : may.resume || !may.abort ? null : (
        <span className="why-not">{t('runner.no-pause')}</span>
      )}
      {may.abort ? <Stop view={view} act={act} /> : null}
    </div>
  )
}

/** In a rehearsal one person plays everybody; in production whoever does it says so first. */
export function ByLeader({
  view,
  act,
  primary = false,
  children,
}: {
  view: RunView
  act: (by: string) => Promise<boolean>
  primary?: boolean
  children: ReactNode
}) {
  const { t } = useTranslation()
  const leaders = leadersOf(view)
  const [first] = leaders
  const look = primary ? ({ size: '4', className: 'stage-button', 'data-go': '' } as const) : quiet
  if (playedAlone(view))
    return (
      <Button {...look} onClick={() => void act(first?.name ?? '')}>
        {children}
      </Button>
    )
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger>
        <Button {...look}>{children}</Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content>
        <DropdownMenu.Label>{t('stage.who')}</DropdownMenu.Label>
        {leaders.map(({ name }) => (
          <DropdownMenu.Item key={name} onSelect={() => void act(name)}>
            <Rec>{name}</Rec>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  )
}

function Stop({ view, act }: { view: RunView; act: Act }) {
  const { t } = useTranslation()
  const id = useId()
  const leaders = leadersOf(view).map(({ name }) => name)
  const before = playedAlone(view) ? (leaders[0] ?? '') : ''
  const { values, type, clear } = useTyped(view.id, 'abort')
  const { by = before, reason = '' } = values
  const whyNot = by === '' ? t('stage.who-first') : reason.trim() === '' ? t('runner.reason-first') : null

  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger>
        <Button variant="ghost" color="red" highContrast>
          <Icon name="stop" />
          {t('runner.abort')}
        </Button>
      </AlertDialog.Trigger>
      <AlertDialog.Content maxWidth="30rem">
        <AlertDialog.Title size="4">{t('runner.abort-title')}</AlertDialog.Title>
        <AlertDialog.Description size="2">{t('runner.abort-text')}</AlertDialog.Description>
        {playedAlone(view) ? null : (
          <div className="field" style={{ marginBlock: '1rem' }}>
            <label htmlFor={id}>{t('stage.who')}</label>
            <WhoSelect id={id} names={leaders} value={by} onChange={(name) => type({ by: name })} />
          </div>
        )}
        <div className="field" style={{ marginBlock: '1rem' }}>
          <label htmlFor="abort-reason">{t('runner.reason')}</label>
          <TextField.Root
            id="abort-reason"
            dir="auto"
            value={reason}
            onChange={(event) => type({ reason: event.target.value })}
          />
        </div>
        <div className="actions">
          <AlertDialog.Cancel>
            <Button variant="surface" color="gray" highContrast onClick={clear}>
              {t('runner.abort-stay')}
            </Button>
          </AlertDialog.Cancel>
          <AlertDialog.Action>
            <Button
              color="red"
              highContrast
              disabled={whyNot !== null}
              onClick={() => void act(call('ceremonies.abort', { id: view.id, by, reason }))}
            >
              {t('runner.abort-go')}
            </Button>
          </AlertDialog.Action>
          {whyNot === null ? null : <span className="why-not">{whyNot}</span>}
        </div>
      </AlertDialog.Content>
    </AlertDialog.Root>
  )
}
