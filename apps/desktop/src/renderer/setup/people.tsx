import { Icon, PersonChip, Rec, WordCards } from '@lux/ui'
import { Button, Checkbox, TextField } from '@radix-ui/themes'
import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { KnownPerson, SetupPerson, SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useRemote } from '../stores/remote.ts'
import { known as knownPeople } from '../stores/remotes.ts'
import { AddPerson, TakeOnly } from './add-person.tsx'
import { asksFor, isAnswered, nextQuestion, type Question, questions } from './questions.ts'
import type { SetupActs } from './use-setup.ts'

/** Above this many rows somebody looks for a name. */
const many = 8

/** One question at a time: who does it, of those that are here and those that this workstation knows. */
export function People({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { value } = useRemote(knownPeople, { id: setup.id })
  const [chosen, setChosen] = useState<Question | null>(null)
  const question = chosen ?? nextQuestion(setup.people)
  const here = setup.people.filter(({ role }) => asksFor(question, role))
  const taken = new Set(setup.people.map(({ card }) => card))
  const known = (value?.people ?? []).filter(({ role, card }) => asksFor(question, role) && !taken.has(card))
  return (
    <div className="setup-columns">
      <section className="setup-card" aria-labelledby="people-question">
        <div>
          <span className="setup-at">
            {t('setup.people.question', { at: questions.indexOf(question) + 1, of: questions.length })}
          </span>
          <h2 id="people-question" className="setup-question">
            {t(`setup.ask.${question}.title`)}
          </h2>
          <p className="quiet">{t(`setup.ask.${question}.text`)}</p>
        </div>
        <AddPerson question={question} setup={setup} acts={acts} />
        {question === 'servers' ? (
          <Servers setup={setup} acts={acts} />
        ) : (
          <Rows key={`rows ${question}`} setup={setup} here={here} known={known} acts={acts} />
        )}
      </section>
      <aside className="setup-card setup-side" aria-labelledby="people-questions">
        <h2 id="people-questions">{t('setup.people.all')}</h2>
        <ol className="setup-list setup-questions">
          {questions.map((one, at) => (
            <li key={one}>
              <Asked
                question={one}
                number={at + 1}
                setup={setup}
                open={one === question}
                onOpen={() => setChosen(one)}
              />
            </li>
          ))}
        </ol>
        <div className="setup-drop">{t('setup.add.drop')}</div>
        <TakeOnly acts={acts} />
      </aside>
    </div>
  )
}

/** A question and its answer. Which is open, what is answered and what only some scripts ask is also given in words. */
function Asked({
  question,
  number,
  setup: { people, servers },
  open,
  onOpen,
}: {
  question: Question
  number: number
  setup: SetupView
  open: boolean
  onOpen: () => void
}) {
  const { t } = useTranslation()
  const names =
    question === 'servers'
      ? servers.map(({ name }) => name)
      : people.filter(({ role }) => asksFor(question, role)).map(({ name }) => name)
  const answered = isAnswered(question, people) ?? names.length > 0
  return (
    <button
      type="button"
      className="setup-asked"
      data-state={answered ? 'done' : 'open'}
      aria-current={open ? 'step' : undefined}
      onClick={onOpen}
    >
      <span className="setup-number" aria-hidden="true">
        {answered ? <Icon name="check" size={14} /> : number}
      </span>
      <span className="setup-step-text">
        <strong>{t(`setup.ask.${question}.title`)}</strong>
        <span className="quiet">
          {names.length > 0 ? (
            <Rec>{names.join(', ')}</Rec>
          ) : (
            t(isAnswered(question, people) === null ? 'setup.people.some' : 'setup.people.nobody')
          )}
        </span>
      </span>
    </button>
  )
}

function Rows({
  setup,
  here,
  known,
  acts,
}: {
  setup: SetupView
  here: readonly SetupPerson[]
  known: readonly KnownPerson[]
  acts: SetupActs
}) {
  const { t } = useTranslation()
  const id = useId()
  const [shown, setShown] = useState<string | null>(null)
  const [looked, setLooked] = useState('')
  const wanted = (name: string) => name.toLocaleLowerCase().includes(looked.trim().toLocaleLowerCase())
  const row = (person: SetupPerson, title: string | null): ReactNode => (
    <Person
      key={person.card}
      person={person}
      title={title}
      open={shown === person.card}
      onOpen={(open) => setShown(open ? person.card : null)}
      onTick={() =>
        void acts
          .send(call(title === null ? 'setups.remove' : 'setups.seat', { id: setup.id, card: person.card }))
          .then(() => knownPeople.again())
      }
    />
  )
  if (here.length + known.length === 0) return <p className="quiet">{t('setup.people.none')}</p>
  return (
    <>
      {here.length + known.length <= many ? null : (
        <div className="field">
          <label htmlFor={id}>{t('setup.people.find')}</label>
          <TextField.Root
            id={id}
            dir="auto"
            value={looked}
            maxLength={200}
            autoComplete="off"
            onChange={(event) => setLooked(event.target.value)}
          />
        </div>
      )}
      <ul className="setup-list">
        {here.filter(({ name }) => wanted(name)).map((person) => row(person, null))}
        {known.filter(({ name }) => wanted(name)).map((person) => row(person, person.title))}
      </ul>
    </>
  )
}

/** `title`: the ceremony that the card is known from; null: the person takes part in this one. */
function Person({
  person: { name, role, note, phone, words },
  title,
  open,
  onOpen,
  onTick,
}: {
  person: SetupPerson
  title: string | null
  open: boolean
  onOpen: (open: boolean) => void
  onTick: () => void
}) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <li>
      <div className="setup-person">
        <label htmlFor={id} className="setup-tick">
          <Checkbox id={id} checked={title === null} onCheckedChange={onTick} />
          <PersonChip name={name} note={t(`roles.${role}`)} presence={title === null ? 'done' : 'expected'} />
        </label>
        <span className="quiet">
          <Icon name={phone ? 'qr' : 'file'} />
          {title !== null ? (
            <Rec>{t('setup.people.known', { title })}</Rec>
          ) : note === null ? (
            t(phone ? 'setup.people.phone' : 'setup.people.key-file')
          ) : (
            <Rec>{note}</Rec>
          )}
        </span>
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
      </div>
      {open ? <WordCards words={words} label={t('setup.people.card-words', { name })} /> : null}
    </li>
  )
}

function Servers({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  if (setup.servers.length === 0) return null
  return (
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
  )
}
