import {
  type ActPart,
  beginReading,
  Code,
  FailureNotice,
  goOnIn,
  Icon,
  type Reading,
  readOn,
  Saying,
  type ShownAct,
  sawPart,
  unreadParts,
  useActParts,
  useSeen,
  WordCards,
} from '@lux/ui'
import { Button, Dialog, TextField } from '@radix-ui/themes'
import { type ReactNode, type RefObject, useEffect, useEffectEvent, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, OutputOf, Result } from '../../contract/index.ts'
import { keyOf, rememberKey } from '../stores/own-keys.ts'
import { ActionButton } from './action-button.tsx'
import { pickFile } from './file-picker.tsx'

type Props = {
  trigger: ReactNode
  title: string
  /** Signed before a run, whose transcript therefore says nothing of it. */
  before?: boolean
  /** What is signed, asked once, when the dialog opens; or what is done, where nothing is signed. */
  what: (() => Promise<Result<ToSign>>) | string
  /** The signer, where a document is signed. */
  name: string
  /** `shown`: the digest of what the dialog showed. null: the person chose nothing further, and looks at the dialog again. */
  onSign: (key: string, passphrase: string, shown: string) => Promise<Result<unknown> | null>
}

/** What is signed, told from the very bytes, and their digest. */
export type ToSign = OutputOf<'ceremonies.toSign'>

/** A person signs with their own key file in this window: reads what it is, part by part, chooses the file, types the passphrase. */
export function KeySign({ trigger, title, before = false, what, name, onSign }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [asked, setAsked] = useState<ToSign | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function change(next: boolean): Promise<void> {
    setOpen(next)
    setFailure(null)
    setAsked(null)
    if (!next || typeof what === 'string') return
    const answer = await what()
    if (answer.ok) setAsked(answer.value)
    else setFailure(answer.error)
  }

  const moment = {
    ...{ name, before, failure },
    onSign: async (key: string, passphrase: string) => {
      setFailure(null)
      const answer = await onSign(key, passphrase, asked?.digest ?? '')
      if (answer === null) return
      if (answer.ok) setOpen(false)
      else setFailure(answer.error)
    },
  }
  return (
    <Dialog.Root open={open} onOpenChange={(next) => void change(next)}>
      <Dialog.Trigger>{trigger}</Dialog.Trigger>
      <Dialog.Content maxWidth="76rem" className="sign-moment">
        <Dialog.Title size="4">{title}</Dialog.Title>
        <Dialog.Description size="2">
          <Saying>{t('act.decides', { name })}</Saying>
        </Dialog.Description>
        {typeof what === 'string' ? (
          <Moment
            {...moment}
            yes={t('key-sign.sign')}
            parts={[{ name: 'asks', title: t('act.part.asks'), body: <p>{what}</p> }]}
          />
        ) : asked?.shown ? (
          <ActMoment {...moment} shown={asked.shown} />
        ) : failure ? (
          <FailureNotice failure={failure} />
        ) : (
          <p role="status">{asked === null ? null : t('key-sign.nothing')}</p>
        )}
      </Dialog.Content>
    </Dialog.Root>
  )
}

/** An act in its parts, for whoever looks at it without signing: the sentences stay, whoever has signed. */
export function ReadAct({ shown }: { shown: ShownAct & { readonly words: readonly string[] } }) {
  const parts = useParts(shown)
  return (
    <div className="acts">
      {parts.map(({ name, title, body }) => (
        <section key={name} className="sign-part">
          <h3>{title}</h3>
          {body}
        </section>
      ))}
    </div>
  )
}

/** The same, for whoever decides beside it. `onRead`: the names of the parts that were not on screen to their end yet. */
export function ReadBefore({
  shown,
  onRead,
}: {
  shown: ShownAct & { readonly words: readonly string[] }
  onRead: (left: readonly string[]) => void
}) {
  const parts = useParts(shown)
  const [reading, setReading] = useState<Reading>(() => beginReading(parts.map(({ name }) => name)))
  const bar = useRef<HTMLElement>(null)
  const tell = useEffectEvent(onRead)
  const left = unreadParts(reading)
  useEffect(() => tell(unreadParts(reading)), [reading])
  return (
    <div className="acts">
      {parts.map((part) => (
        <Part
          key={part.name}
          part={part}
          bar={bar}
          seen={!left.includes(part.name)}
          onLook={(look) => setReading((was) => sawPart(was, part.name, look))}
        />
      ))}
    </div>
  )
}

function useParts(shown: ShownAct & { readonly words: readonly string[] }): readonly ActPart[] {
  const { t } = useTranslation()
  const { words, digest } = shown
  return useActParts(shown, <WordCards words={words} hex={digest} label={t('runner.sign-words')} />)
}

type MomentProps = {
  name: string
  yes: string
  parts: readonly ActPart[]
  before: boolean
  failure: Failure | null
  onSign: (key: string, passphrase: string) => Promise<void>
}

function ActMoment({
  shown,
  ...moment
}: Omit<MomentProps, 'yes' | 'parts'> & { shown: NonNullable<ToSign['shown']> }) {
  const { t } = useTranslation()
  const parts = useParts(shown)
  return <Moment {...moment} yes={t(`act.yes.${shown.what}`, { name: moment.name })} parts={parts} />
}

/** All parts on one page. The button lives when each was on screen to its end, and a key file is chosen. */
function Moment({ name, yes, parts, before, failure, onSign }: MomentProps) {
  const { t } = useTranslation()
  const [reading, setReading] = useState<Reading>(() => beginReading(parts.map(({ name }) => name)))
  const [key, setKey] = useState<string | null>(() => keyOf(name))
  const [busy, setBusy] = useState(false)
  const body = useRef<HTMLDivElement>(null)
  const bar = useRef<HTMLDivElement>(null)
  const choose = useRef<HTMLButtonElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const left = unreadParts(reading)
  const [next] = left
  const readAll = next === undefined
  useEffect(() => {
    // What is still to be done: the file, or the passphrase of the one that was chosen before.
    if (readAll) (keyOf(name) === null ? choose : field).current?.focus()
  }, [readAll, name])

  function goOn(): void {
    const part = body.current?.querySelector<HTMLElement>(`[data-part="${next}"]`)
    // The button keeps the focus: the next press is the next part.
    if (part) goOnIn(part, readOn(reading, next) ?? 0, false)
  }

  async function pick(): Promise<void> {
    const path = await pickFile('key')
    if (path === null) return
    setKey(path)
    rememberKey(name, path)
    field.current?.focus()
  }

  async function sign(): Promise<void> {
    const passphrase = field.current?.value ?? ''
    if (key === null || passphrase === '' || busy || !readAll) return
    setBusy(true)
    if (field.current !== null) field.current.value = ''
    await onSign(key, passphrase)
    setBusy(false)
  }

  return (
    <form
      className="sign-form"
      onSubmit={(event) => {
        event.preventDefault()
        void sign()
      }}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <div ref={body} className="sign-body acts" data-scrolls="" tabIndex={0}>
        {parts.map((part) => (
          <Part
            key={part.name}
            part={part}
            bar={bar}
            seen={!left.includes(part.name)}
            onLook={(look) => setReading((was) => sawPart(was, part.name, look))}
          />
        ))}
        <section className="sign-part">
          <h3>{t('key-sign.own')}</h3>
          <div className="actions">
            <Button
              ref={choose}
              type="button"
              variant="surface"
              color="gray"
              highContrast
              onClick={() => void pick()}
            >
              {t('key-sign.choose')}
            </Button>
            {key === null ? <span className="quiet">{t('common.no-file')}</span> : <Code>{key}</Code>}
          </div>
          <div className="field">
            <label htmlFor={id}>{t('key-sign.passphrase')}</label>
            <TextField.Root
              id={id}
              ref={field}
              type="password"
              dir="ltr"
              autoComplete="off"
              spellCheck={false}
              maxLength={1024}
            />
          </div>
          <p className="quiet">
            <Saying>{t(before ? 'key-sign.shown-before' : 'key-sign.shown-here')}</Saying>
          </p>
          {failure ? <FailureNotice failure={failure} /> : null}
        </section>
      </div>
      <aside className="sign-rail" aria-labelledby={`${id}-seen`}>
        <strong id={`${id}-seen`}>
          {t('act.read.seen', { seen: parts.length - left.length, count: parts.length })}
        </strong>
        <ol>
          {parts.map(({ name }) => (
            <li key={name}>
              <Icon name={left.includes(name) ? 'circle' : 'check'} />
              <span>{t(`act.part.${name}`)}</span>
              <span className="quiet">{t(left.includes(name) ? 'act.read.no' : 'act.read.yes')}</span>
            </li>
          ))}
        </ol>
      </aside>
      <div ref={bar} className="sign-bar" data-reading={readAll ? undefined : ''}>
        <Dialog.Close>
          <Button type="button" size="3" variant="surface" color="gray" highContrast>
            {t('key-sign.not')}
          </Button>
        </Dialog.Close>
        <span className="sign-left" role="status">
          {readAll
            ? t('act.read.all')
            : t('act.read.left', { parts: left.map((name) => t(`act.part.${name}`)).join(', ') })}
        </span>
        {readAll ? null : (
          <Button
            type="button"
            size="3"
            data-first=""
            autoFocus
            variant="surface"
            color="gray"
            highContrast
            onClick={goOn}
          >
            {t('act.read.on')}
          </Button>
        )}
        <ActionButton
          type="submit"
          size="3"
          loading={busy}
          whyNot={readAll ? (key === null ? t('key-sign.need-key') : null) : ''}
          onPress={() => undefined}
        >
          {yes}
        </ActionButton>
      </div>
    </form>
  )
}

function Part({
  part: { name, title, body },
  bar,
  seen,
  onLook,
}: {
  part: ActPart
  bar: RefObject<HTMLElement | null>
  seen: boolean
  onLook: Parameters<typeof useSeen>[2]
}) {
  const { t } = useTranslation()
  const part = useRef<HTMLElement>(null)
  useSeen(part, bar, onLook)
  return (
    <section ref={part} className="sign-part" data-part={name}>
      <h3>
        {seen ? <Icon name="check" size={20} /> : null}
        {name === 'asks' ? t('act.part.asks') : title}
      </h3>
      {body}
    </section>
  )
}
