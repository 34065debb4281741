import { Icon, type IconName } from '@lux/ui'
import type { ReactNode } from 'react'

export type Tone = 'good' | 'warn' | 'bad' | 'none'
const icons: Record<Tone, IconName> = { good: 'check', warn: 'alert', bad: 'cross', none: 'dash' }

/** A result in words with its mark; never the colour alone. */
export function Outcome({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className="outcome" data-tone={tone}>
      <Icon name={icons[tone]} />
      {children}
    </span>
  )
}
