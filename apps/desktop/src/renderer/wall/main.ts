import type { Wall } from '../../contract/wall.ts'

// A page of its own, drawn by hand: it shares no script with the window in which people work.

declare global {
  interface Window {
    /** Of the window on the wall alone. */
    wall: { onShown(listener: (wall: Wall) => void): void }
  }
}

const cards = 8
const second = 1000

type Part = Node | string
type Look = { class?: string; state?: string; dir?: 'auto' | 'ltr' }

/** An element with these parts; every text is text, never markup. */
function element(name: string, look: Look, ...parts: Part[]): HTMLElement {
  const made = document.createElement(name)
  if (look.class !== undefined) made.className = look.class
  if (look.state !== undefined) made.dataset.state = look.state
  if (look.dir !== undefined) made.dir = look.dir
  made.append(...parts)
  return made
}

const said = (name: string, text: string): HTMLElement => element(name, { dir: 'auto' }, text)

function head({ title, organisation, rehearsal, step, labels }: Wall): HTMLElement {
  return element(
    'header',
    {},
    element('div', { class: 'wall-name' }, said('strong', title), said('span', organisation)),
    ...(rehearsal === null ? [] : [element('span', { class: 'wall-rehearsal' }, rehearsal)]),
    element('span', {}, step),
    element('span', {}, `${labels.running} `, element('bdi', { class: 'wall-running' })),
    element('strong', { class: 'wall-clock' }, element('bdi', { class: 'wall-utc' }), ` ${labels.utc}`),
  )
}

function words({
  what,
  card,
  first,
  heard,
  differs,
  words: shown,
}: NonNullable<Wall['reading']>): HTMLElement {
  const list = shown.map(({ word, byte }, index) =>
    element(
      'li',
      {},
      element('span', { class: 'wall-place' }, String(first + index)),
      element('b', {}, word),
      element('code', {}, byte),
    ),
  )
  const places = Array.from({ length: cards }, (_, index) =>
    element(
      'span',
      index < heard ? { state: 'heard' } : index === heard ? { state: 'now' } : {},
      String(index + 1),
    ),
  )
  const ordered = element('ol', { dir: 'ltr' }, ...list)
  ordered.lang = 'en'
  return element(
    'div',
    { class: 'wall-reading', ...(differs ? { state: 'differs' } : {}) },
    element('p', {}, said('span', what), said('strong', card)),
    ordered,
    element('div', { class: 'wall-cards', dir: 'ltr' }, ...places),
  )
}

function keys(shown: Wall['keys'], label: string): HTMLElement {
  const list = element(
    'ul',
    {},
    ...shown.map(({ name, note, depth, state }) => {
      const key = element(
        'li',
        { state },
        element('i', {}),
        element('span', {}, said('strong', name), said('span', note)),
      )
      key.dataset.depth = String(Math.min(depth, 3))
      return key
    }),
  )
  return element('aside', {}, element('h2', {}, label), list)
}

function parts(shown: Wall['parts']): HTMLElement {
  return element(
    'footer',
    {},
    ...shown.map(({ title, done, total, now }) => {
      const bar = document.createElement('progress')
      bar.max = Math.max(1, total)
      bar.value = done
      bar.ariaLabel = title
      return element(
        'div',
        { class: 'wall-part', ...(now ? { state: 'now' } : {}) },
        bar,
        element('span', { class: 'wall-title', dir: 'auto' }, title),
      )
    }),
  )
}

function evidenceOf({ name, value }: NonNullable<Wall['evidence']>): HTMLElement {
  const large = element('strong', { dir: 'ltr' }, value)
  large.toggleAttribute('data-long', value.length > 6)
  return element('div', { class: 'wall-evidence' }, said('span', name), large)
}

function draw(wall: Wall): HTMLElement {
  const { who, role, what, evidence, reading, keys: made, labels, state } = wall
  const ask = said('h1', what)
  ask.toggleAttribute('data-long', what.length > 60)
  const main = element(
    'section',
    { class: 'wall-main', ...(reading === null ? {} : { state: 'reading' }) },
    // The words have the whole wall; the sentence above them names who reads.
    ...(reading === null
      ? [element('div', { class: 'wall-who' }, said('strong', who), said('span', role))]
      : []),
    ask,
    ...(evidence === null ? [] : [evidenceOf(evidence)]),
    ...(reading === null ? [] : [words(reading)]),
  )
  return element(
    'main',
    { class: 'wall', state },
    head(wall),
    main,
    ...(made.length === 0 ? [] : [keys(made, labels.keys)]),
    parts(wall.parts),
  )
}

/** `01:21:03` */
function lasted(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / second))
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((value) => String(value).padStart(2, '0'))
    .join(':')
}

let since = 0
let until: number | null = null

function tick(): void {
  const now = Date.now()
  const running = document.querySelector('.wall-running')
  const utc = document.querySelector('.wall-utc')
  if (running !== null) running.textContent = lasted((until ?? now) - since)
  if (utc !== null) utc.textContent = new Date(now).toISOString().slice(11, 19)
}

window.wall.onShown((wall) => {
  document.documentElement.lang = wall.language
  document.documentElement.dir = wall.direction
  since = Date.parse(wall.since)
  until = wall.until === null ? null : Date.parse(wall.until)
  document.getElementById('root')?.replaceChildren(draw(wall))
  tick()
})
setInterval(tick, second / 4)
