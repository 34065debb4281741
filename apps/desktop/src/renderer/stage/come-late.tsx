import { PersonChip } from '@lux/ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import type { Act } from '../runner/act.ts'
import { awayFrom } from './run-people.ts'

/** Who was not here at the roll call ticks their own name when they come: the transcript has it before they act. */
export function ComeLate({ view, act }: { view: RunView; act: Act }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const away = [...awayFrom(view)]
  if (away.length === 0) return null

  // A note in their own name is what tells the transcript that they came.
  async function come(name: string): Promise<void> {
    setBusy(true)
    await act(call('ceremonies.note', { id: view.id, by: name, text: t('stage.roll-here', { names: name }) }))
    setBusy(false)
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
                disabled={busy || !view.may.note}
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
