import { PersonChip } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import type { Act } from '../runner/act.ts'
import { tick, useRoom } from '../stores/room.ts'
import { awayFrom } from './run-people.ts'
import { writeNotes } from './write-notes.ts'

/** Who was not here at the roll call ticks their own name when they come: the transcript has it before they act. */
export function ComeLate({ view, step, act }: { view: RunView; step: string; act: Act }) {
  const { t } = useTranslation()
  const away = [...awayFrom(view, useRoom(view.id).here)]
  if (away.length === 0) return null

  async function come(name: string): Promise<void> {
    const texts = [t('stage.roll-here', { names: name })]
    if (!view.may.note || (await writeNotes({ id: view.id, step, by: name, texts }, act)))
      tick(view.id, name, true)
  }

  return (
    <section className="stage-card" aria-label={t('stage.come-late')}>
      <div className="card-head">
        <h3>{t('stage.come-late')}</h3>
        <span className="quiet">{t('stage.come-how')}</span>
      </div>
      <ul className="come-late roll">
        {away.map((name) => (
          <li key={name}>
            <label className="roll-person">
              <input
                type="checkbox"
                className="visually-hidden"
                checked={false}
                // While the machine works nothing is noted: whoever comes ticks a moment later.
                disabled={view.current?.blocked === 'machine-works'}
                onChange={() => void come(name)}
              />
              <PersonChip name={name} presence="absent" />
            </label>
          </li>
        ))}
      </ul>
    </section>
  )
}
