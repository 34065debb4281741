import { Rec } from '@lux/ui'
import { Dialog, TextField } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lock } from '../stores/idle.ts'
import { useRemote } from '../stores/remote.ts'
import { ceremonies, drafts, setups, tokens } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { screens } from './screens.ts'

type Entry = { id: string; group: 'screen' | 'go' | 'act'; name: string; run: () => void }
type Props = { onClose: () => void; onHelp: () => void }

/** Every screen, ceremony, set-up, script of people’s own and token, and whatever can be pressed on the screen below, found by a few letters. */
export function Palette({ onClose, onHelp }: Props) {
  const { t, i18n } = useTranslation()
  const [sought, setSought] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const all = useEntries(onHelp)
  const words = sought.toLocaleLowerCase(i18n.language).split(/\s+/).filter(Boolean)
  const found = all.filter(({ name }) => {
    const text = name.toLocaleLowerCase(i18n.language)
    return words.every((word) => text.includes(word))
  })
  const chosen = Math.min(at, found.length - 1)

  function take(entry: Entry | undefined): void {
    if (entry === undefined) return
    onClose()
    // After this dialog has given the keys back to the screen.
    setTimeout(entry.run, 0)
  }

  function move(to: number): void {
    setAt(to)
    list.current?.children[to]?.scrollIntoView({ block: 'nearest' })
  }

  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Content maxWidth="34rem" aria-describedby={undefined} className="palette">
        <Dialog.Title size="3">{t('help.palette')}</Dialog.Title>
        <TextField.Root
          dir="auto"
          value={sought}
          autoComplete="off"
          role="combobox"
          aria-label={t('help.palette')}
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={found[chosen]?.id}
          onChange={(event) => {
            setSought(event.target.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return
            if (event.key === 'ArrowDown') move(Math.min(chosen + 1, found.length - 1))
            else if (event.key === 'ArrowUp') move(Math.max(chosen - 1, 0))
            else if (event.key === 'Enter') take(found[chosen])
            else return
            event.preventDefault()
          }}
        />
        <div ref={list} id="palette-list" role="listbox" aria-label={t('help.palette')} tabIndex={-1}>
          {found.map((entry, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above
            // biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus and names the chosen one
            <div
              key={entry.id}
              id={entry.id}
              role="option"
              aria-selected={index === chosen}
              onClick={() => take(entry)}
            >
              <Rec>{entry.name}</Rec>
              <span className="quiet">{t(`help.group.${entry.group}`)}</span>
            </div>
          ))}
          {found.length === 0 ? <p className="quiet">{t('help.none')}</p> : null}
        </div>
      </Dialog.Content>
    </Dialog.Root>
  )
}

/** All that can be gone to or pressed from here. */
function useEntries(onHelp: () => void): Entry[] {
  const { t } = useTranslation()
  // Looked at once: the screen below does not change while this is open.
  const [below] = useState(pressable)
  const { value: runs } = useRemote(ceremonies, {})
  const { value: slots } = useRemote(tokens, {})
  const { value: prepared } = useRemote(setups, {})
  const { value: own } = useRemote(drafts, {})
  return [
    ...below.filter(({ rank }) => rank < rowRank).map(pressing),
    ...screens.map((name) => ({
      id: `go-${name}`,
      group: 'go' as const,
      name: t(`frame.go.${name}`),
      run: () => go(name),
    })),
    ...(runs?.ceremonies ?? []).flatMap(({ id, title }) => [
      { id: `run-${id}`, group: 'go' as const, name: title, run: () => go('run', id) },
      {
        id: `transcript-${id}`,
        group: 'go' as const,
        name: `${title} · ${t('frame.go.transcript')}`,
        run: () => go('transcript', id),
      },
    ]),
    ...(prepared?.setups ?? []).map(({ id, title }) => ({
      id: `setup-${id}`,
      group: 'go' as const,
      name: `${title} · ${t('setup.new')}`,
      run: () => go('setup', id),
    })),
    ...(own?.drafts ?? []).map(({ id, title }) => ({
      id: `script-${id}`,
      group: 'go' as const,
      name: `${title} · ${t('designer.own')}`,
      run: () => go('script', id),
    })),
    ...(slots?.slots ?? []).flatMap(({ token }) =>
      token === null || token.serial === ''
        ? []
        : [
            {
              id: `token-${token.serial}`,
              group: 'go' as const,
              name: `${token.label} ${token.serial}`,
              run: () => go('tokens', token.serial),
            },
          ],
    ),
    { id: 'help', group: 'act', name: t('help.title'), run: onHelp },
    { id: 'lock', group: 'act', name: t('help.lock'), run: () => lock() },
    ...below.filter(({ rank }) => rank === rowRank).map(pressing),
  ]
}

type Pressable = { name: string; button: HTMLElement; rank: number }

/** The live button, then what else can be done; what only opens a row of a list comes last. */
const rowRank = 2

function rankOf(button: HTMLElement): number {
  if (button.matches('[data-go], .rt-variant-solid')) return 0
  return button.ariaExpanded !== null || button.closest('table, [role=row], [role=listitem]') !== null
    ? rowRank
    : 1
}

const pressing = ({ name, button }: Pressable, index: number): Entry => ({
  id: `screen-${rankOf(button)}-${index}`,
  group: 'screen',
  name,
  run: () => button.click(),
})

/** The buttons of the screen that can be pressed now, by the names that a screen reader gives them, what matters most first. */
function pressable(): Pressable[] {
  return [...(document.querySelector('main')?.querySelectorAll('button') ?? [])]
    .filter(
      (button) =>
        button.ariaDisabled !== 'true' && !button.matches(':disabled, [role=combobox], [role=radio]'),
    )
    .map((button) => ({
      name: (button.ariaLabel ?? button.textContent).trim(),
      button,
      rank: rankOf(button),
    }))
    .filter(({ name }) => name !== '')
    .toSorted((a, b) => a.rank - b.rank)
}
