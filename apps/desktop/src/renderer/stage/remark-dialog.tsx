import { FailureNotice, Icon } from '@lux/ui'
import { Button, Dialog, TextArea } from '@radix-ui/themes'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import type { Act } from '../runner/act.ts'
import { useTyped } from '../stores/room.ts'
import { peopleOf, playedAlone, presentIn } from './run-people.ts'
import { WhoSelect } from './who-select.tsx'

type Props = { view: RunView; act: Act; kind: 'note' | 'deviation'; step: string }

/** Somebody of the run writes something down for the transcript, or reports what the script does not foresee. */
export function RemarkDialog({ view, act, kind, step }: Props) {
  const { t } = useTranslation()
  const id = useId()
  // Whoever writes a note is here by it; what is reported stops the room, so whoever reports has come first.
  const names = (kind === 'note' ? peopleOf(view) : presentIn(view)).map(({ name }) => name)
  const before = playedAlone(view) ? (names[0] ?? '') : ''
  const [open, setOpen] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const { values, type, clear } = useTyped(view.id, kind)
  const { by = before, text = '', expected = '' } = values
  const whyNot =
    by === ''
      ? t('stage.who-first')
      : text.trim() === '' || (kind === 'deviation' && expected.trim() === '')
        ? t('stage.write-first')
        : null

  function opened(now: boolean): void {
    setOpen(now)
    setFailure(null)
  }

  /** What was refused is told here, beside what was typed. */
  async function write(): Promise<void> {
    const answer =
      kind === 'note'
        ? await call('ceremonies.note', { id: view.id, by, text: text.trim() })
        : await call('ceremonies.deviate', {
            ...{ id: view.id, step, by },
            ...{ expected: expected.trim(), happened: text.trim() },
          })
    if (!answer.ok) return setFailure(answer.error)
    clear()
    opened(false)
    await act(Promise.resolve(answer))
  }

  return (
    <Dialog.Root open={open} onOpenChange={opened}>
      <Dialog.Trigger>
        <Button type="button" variant="ghost" color="gray" highContrast>
          <Icon name={kind === 'note' ? 'note' : 'flag'} />
          {t(`stage.remark.${kind}`)}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="34rem">
        <Dialog.Title size="4">{t(`stage.${kind}.title`)}</Dialog.Title>
        <Dialog.Description size="2">{t(`stage.${kind}.text`)}</Dialog.Description>
        <form
          className="form in-dialog"
          onSubmit={(event) => {
            event.preventDefault()
            if (whyNot === null) void write()
          }}
        >
          <div className="field">
            <label htmlFor={`${id}-by`}>{t(`stage.${kind}.by`)}</label>
            <WhoSelect id={`${id}-by`} names={names} value={by} onChange={(name) => type({ by: name })} />
          </div>
          {kind === 'note' ? null : (
            <div className="field">
              <label htmlFor={`${id}-expected`}>{t('stage.deviation.expected')}</label>
              <TextArea
                id={`${id}-expected`}
                dir="auto"
                value={expected}
                onChange={(event) => type({ expected: event.target.value })}
              />
            </div>
          )}
          <div className="field">
            <label htmlFor={`${id}-text`}>{t(`stage.${kind}.what`)}</label>
            <TextArea
              id={`${id}-text`}
              dir="auto"
              value={text}
              onChange={(event) => type({ text: event.target.value })}
            />
          </div>
          {failure === null ? null : <FailureNotice failure={failure} />}
          <div className="actions">
            <Dialog.Close>
              <Button type="button" variant="surface" color="gray" highContrast onClick={clear}>
                {t('common.cancel')}
              </Button>
            </Dialog.Close>
            <ActionButton type="submit" whyNot={whyNot} onPress={() => undefined}>
              {t(`stage.${kind}.go`)}
            </ActionButton>
          </div>
        </form>
      </Dialog.Content>
    </Dialog.Root>
  )
}
