import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'
import { Rec } from './record.tsx'

/** `before`: the key existed when the run began. */
export type KeyState = 'todo' | 'now' | 'made' | 'before' | 'retired'

export type KeyNode = {
  readonly id: string
  readonly parent: string | null
  readonly name: string
  readonly state: KeyState
  /** When it was made, or the step that makes it. */
  readonly note: ReactNode
}

/** Keys under their parents. Dashed: not made yet. Ringed: being made. Solid: made. The sentence below says the same in words. */
export function KeyTree({
  keys,
  label,
  sentence,
}: {
  keys: readonly KeyNode[]
  label: string
  sentence: string
}) {
  const roots = keys.filter(({ parent }) => !keys.some(({ id }) => id === parent))
  return (
    <div className="key-tree">
      <Branch nodes={roots} keys={keys} label={label} />
      <p className="key-sentence">{sentence}</p>
    </div>
  )
}

function Branch({
  nodes,
  keys,
  label,
}: {
  nodes: readonly KeyNode[]
  keys: readonly KeyNode[]
  label?: string
}) {
  const { t } = useTranslation()
  if (nodes.length === 0) return null
  return (
    <ul {...(label === undefined ? {} : { 'aria-label': label })}>
      {nodes.map(({ id, name, state, note }) => (
        <li key={id} data-state={state}>
          <span className="key-node">
            <span className="key-disc">
              <Icon name="key" size={16} />
            </span>
            <span className="key-text">
              <span className="key-name">
                <Rec>{name}</Rec>
              </span>
              <span className="key-note">{note}</span>
              <span className="visually-hidden">{t(`ui.key.${state}`)}</span>
            </span>
          </span>
          <Branch nodes={keys.filter(({ parent }) => parent === id)} keys={keys} />
        </li>
      ))}
    </ul>
  )
}
