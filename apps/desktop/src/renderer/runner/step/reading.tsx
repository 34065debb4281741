import { Icon, ReadingCard, Rec, WordCards } from '@lux/ui'
import { Button, DropdownMenu } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Compared, RunView } from '../../../contract/index.ts'
import { call } from '../../client.ts'
import { playedAlone, presentIn } from '../../stage/run-people.ts'
import { changeRoom, roomOf, useRoom } from '../../stores/room.ts'
import type { Act } from '../act.ts'
import { letters, useLetterKey } from '../letter-key.ts'
import { cardCount, cardStates, inHand, saysHeard } from './heard.ts'

/** What is read aloud at this step: the card in hand large, and every card of it in the one grid. */
export function Reading({ view, compares }: { view: RunView; compares: readonly Compared[] }) {
  const { t } = useTranslation()
  const { heard } = useRoom(view.id)
  const [digits, setDigits] = useState(false)
  const now = inHand(compares, heard)
  const says = saysHeard(view, now)
  return (
    <>
      {now === null ? null : (
        <section className="reading" aria-labelledby="reading-title">
          <div className="reading-head">
            <h3 id="reading-title" className="visually-hidden">
              {t(`stage.reading.of.${now.compared.what}`)}
            </h3>
            <span role="status">{t('stage.reading.card', { card: now.card, count: cardCount })}</span>
          </div>
          <ReadingCard
            words={now.compared.words}
            hex={now.compared.digest}
            card={now.card}
            label={t('stage.reading.card', { card: now.card, count: cardCount })}
            digits={digits}
          />
          <div className="actions">
            <Button
              variant="ghost"
              color="gray"
              highContrast
              aria-pressed={digits}
              onClick={() => setDigits(!digits)}
            >
              {t('stage.reading.digits')}
            </Button>
          </div>
          <p className="quiet">{t('stage.reading.how')}</p>
          {says === null ? null : <HeardBy view={view} of={says} />}
        </section>
      )}
      {compares.map(({ what, digest, words }) => (
        <section key={what} className="stage-card">
          <WordCards
            words={words}
            hex={digest}
            label={t(`stage.reading.of.${what}`)}
            states={cardStates(view, digest, heard, now?.compared.digest === digest)}
          />
        </section>
      ))}
      <p className="quiet">{t('stage.reading.if')}</p>
    </>
  )
}

/** Who has heard all the words: the room sees whom it waits for. */
function HeardBy({ view, of }: { view: RunView; of: string }) {
  const { t } = useTranslation()
  const { heardBy } = useRoom(view.id)
  const said = heardBy[of] ?? []
  const names = presentIn(view).map(({ name }) => name)
  const press = (name: string): void => {
    const next = said.includes(name) ? said.filter((one) => one !== name) : [...said, name]
    changeRoom(view.id, { heardBy: { ...heardBy, [of]: next } })
  }
  const missing = names.filter((name) => !said.includes(name))
  return (
    <fieldset className="own-choice heard-by">
      <legend>{t('stage.reading.heard-by')}</legend>
      <div className="actions">
        {names.map((name) => (
          <Button
            key={name}
            size="1"
            variant={said.includes(name) ? 'solid' : 'surface'}
            {...(said.includes(name) ? {} : { color: 'gray', highContrast: true })}
            aria-pressed={said.includes(name)}
            onClick={() => press(name)}
          >
            {said.includes(name) ? <Icon name="check" /> : null}
            <Rec>{name}</Rec>
          </Button>
        ))}
      </div>
      <span className="quiet" role="status">
        {missing.length === 0
          ? t('stage.reading.heard-all')
          : t('stage.reading.heard-left', { names: missing.join(', ') })}
      </span>
    </fieldset>
  )
}

/** Where words stand beside what is signed: they can be heard card by card, or said to differ, there. */
export function Comparing({ view, compared, act }: { view: RunView; compared: Compared; act: Act }) {
  const { t } = useTranslation()
  const { heard } = useRoom(view.id)
  const now = inHand([compared], heard)
  if (now === null || !view.may.deviate) return null
  return (
    <div className="actions comparing">
      <Differs view={view} compared={now.compared} card={now.card} act={act} />
      <Button
        size="3"
        variant="surface"
        color="gray"
        highContrast
        onClick={() => hear(view, compared.digest, playedAlone(view))}
      >
        <Icon name="check" />
        {playedAlone(view) ? t('stage.heard') : t('stage.reading.heard-card', { card: now.card })}
      </Button>
    </div>
  )
}

/** One card more is heard, or all of them at once where one person plays everybody. */
export function hear(view: RunView, digest: string, all: boolean): void {
  const { heard } = roomOf(view.id)
  const cards = all ? cardCount : Math.min(cardCount, (heard[digest] ?? 0) + 1)
  changeRoom(view.id, { heard: { ...heard, [digest]: cards } })
}

/** As easy as to say that it was heard: the run stops, and the transcript says who heard otherwise. `large`: it stands beside the live button. */
export function Differs({
  view,
  compared,
  card,
  act,
  large = false,
}: {
  view: RunView
  compared: Compared
  card: number
  act: Act
  large?: boolean
}) {
  const { t } = useTranslation()
  const [asks, setAsks] = useState(false)
  const [busy, setBusy] = useState(false)
  const { heard, heardBy } = useRoom(view.id)
  const people = presentIn(view)
  const alone = playedAlone(view)

  async function differs(by: string): Promise<void> {
    setBusy(true)
    const { digest } = compared
    // Whatever is decided, these words are read from their first card again.
    if (await act(call('ceremonies.differs', { id: view.id, by, digest, card })))
      changeRoom(view.id, { heard: { ...heard, [digest]: 0 }, heardBy: { ...heardBy, [digest]: [] } })
    setBusy(false)
  }

  function press(): void {
    if (alone) void differs(people[0]?.name ?? '')
    else setAsks(true)
  }

  useLetterKey(letters.differs, large, press)

  const look = large
    ? ({ size: '4', className: 'stage-button' } as const)
    : ({ size: '3', className: '' } as const)
  const face = (
    <>
      <Icon name="cross" />
      {t('stage.reading.differs')}
      {large ? (
        <span className="stage-key" aria-hidden="true">
          {letters.differs}
        </span>
      ) : null}
    </>
  )
  if (alone)
    return (
      <Button {...look} variant="surface" color="gray" highContrast loading={busy} onClick={press}>
        {face}
      </Button>
    )
  return (
    <DropdownMenu.Root open={asks} onOpenChange={setAsks}>
      <DropdownMenu.Trigger>
        <Button {...look} variant="surface" color="gray" highContrast loading={busy}>
          {face}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content>
        <DropdownMenu.Label>{t('stage.reading.who')}</DropdownMenu.Label>
        {people.map(({ name }) => (
          <DropdownMenu.Item key={name} onSelect={() => void differs(name)}>
            <Rec>{name}</Rec>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  )
}
