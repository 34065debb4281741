import { PersonChip } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { tick, useRoom } from '../stores/room.ts'
import { peopleOf } from './run-people.ts'

/** The roll: everybody whom the plan names ticks their own name. */
export function Roll({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const { here } = useRoom(view.id)
  const people = peopleOf(view)
  return (
    <section className="stage-card" aria-label={t('stage.roll')}>
      <div className="card-head">
        <h3>{t('stage.in-the-room', { here: here.length, count: people.length })}</h3>
        <span className="quiet">{t('stage.roll-how')}</span>
      </div>
      <ul className="roll">
        {people.map(({ name, roles, standIn }) => {
          const ticked = here.includes(name)
          return (
            <li key={name}>
              <label className="roll-person" data-here={ticked ? '' : undefined}>
                <input
                  type="checkbox"
                  className="visually-hidden"
                  checked={ticked}
                  onChange={(event) => tick(view.id, name, event.target.checked)}
                />
                <PersonChip
                  name={name}
                  note={[
                    ...roles.map((role) => t(`roles.${role}`)),
                    ...(standIn ? [t('stage.stand-in')] : []),
                  ].join(' · ')}
                  presence={ticked ? 'done' : 'absent'}
                />
              </label>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
