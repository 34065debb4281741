import { Icon, PersonChip, Rec, WordCards } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PersonRole, SetupPerson, SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { AddPerson } from './add-person.tsx'
import type { SetupActs } from './use-setup.ts'

/** Whom a screen shows together, in the order of a ceremony. */
const groups: readonly { name: 'running' | PersonRole; roles: readonly PersonRole[] }[] = [
  { name: 'running', roles: ['administrator', 'operator', 'so', 'recorder'] },
  { name: 'officer', roles: ['officer'] },
  { name: 'witness', roles: ['witness'] },
  { name: 'holder', roles: ['holder'] },
  { name: 'custodian', roles: ['custodian'] },
  { name: 'approver', roles: ['approver'] },
  { name: 'requester', roles: ['requester', 'evaluator', 'encryptor'] },
]

export function People({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState<string | null>(null)
  return (
    <div className="setup-columns">
      <section className="setup-card" aria-label={t('setup.people.all')}>
        {setup.people.length === 0 ? <p className="quiet">{t('setup.people.none')}</p> : null}
        {groups.map(({ name, roles }) => {
          const members = setup.people.filter(({ role }) => roles.includes(role))
          return members.length === 0 ? null : (
            <div key={name}>
              <h2 className="setup-group">
                {t(`setup.group.${name}`)} <span className="quiet">{members.length}</span>
              </h2>
              <ul className="setup-list">
                {members.map((person) => (
                  <Person
                    key={person.card}
                    person={person}
                    open={shown === person.card}
                    onOpen={(open) => setShown(open ? person.card : null)}
                    onRemove={() =>
                      void acts.send(call('setups.remove', { id: setup.id, card: person.card }))
                    }
                  />
                ))}
              </ul>
            </div>
          )
        })}
        {setup.servers.length === 0 ? null : (
          <div>
            <h2 className="setup-group">
              {t('setup.group.server')} <span className="quiet">{setup.servers.length}</span>
            </h2>
            <ul className="setup-list">
              {setup.servers.map(({ audience, name, transport }) => (
                <li key={audience} className="setup-person">
                  <strong>
                    <Rec>{name}</Rec>
                  </strong>
                  <span className="quiet">
                    {t(transport ? 'setup.people.server-root' : 'setup.people.server-card')}
                  </span>
                  <Button
                    variant="ghost"
                    color="gray"
                    highContrast
                    aria-label={t('setup.people.remove-for', { name })}
                    onClick={() => void acts.send(call('setups.remove', { id: setup.id, card: audience }))}
                  >
                    {t('setup.people.remove')}
                  </Button>
                </li>
              ))}
            </ul>
          </div>
        )}
      </section>
      <AddPerson setup={setup} acts={acts} />
    </div>
  )
}

function Person({
  person: { name, role, note, phone, words },
  open,
  onOpen,
  onRemove,
}: {
  person: SetupPerson
  open: boolean
  onOpen: (open: boolean) => void
  onRemove: () => void
}) {
  const { t } = useTranslation()
  return (
    <li>
      <div className="setup-person">
        <PersonChip name={name} note={t(`roles.${role}`)} presence="done" />
        <span className="quiet">
          <Icon name={phone ? 'qr' : 'file'} />
          {note === null ? t(phone ? 'setup.people.phone' : 'setup.people.key-file') : <Rec>{note}</Rec>}
        </span>
        <span className="actions">
          <Button
            variant="ghost"
            color="gray"
            highContrast
            aria-expanded={open}
            aria-label={t('setup.people.words-for', { name })}
            onClick={() => onOpen(!open)}
          >
            {t('setup.people.words')}
          </Button>
          <Button
            variant="ghost"
            color="gray"
            highContrast
            aria-label={t('setup.people.remove-for', { name })}
            onClick={onRemove}
          >
            {t('setup.people.remove')}
          </Button>
        </span>
      </div>
      {open ? <WordCards words={words} label={t('setup.people.card-words', { name })} /> : null}
    </li>
  )
}
