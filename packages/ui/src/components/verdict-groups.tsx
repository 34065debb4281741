import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'

export type VerdictGroup = {
  readonly id: string
  /** The answer, never the category: "The record is unbroken". */
  readonly title: ReactNode
  readonly note: ReactNode
  readonly passed: number
  readonly total: number
  readonly checks: ReactNode
}

/** Checks in groups: folded where all passed, open where not. */
export function VerdictGroups({ groups, label }: { groups: readonly VerdictGroup[]; label: string }) {
  const { t } = useTranslation()
  return (
    <section className="verdict-groups" aria-label={label}>
      {groups.map(({ id, title, note, passed, total, checks }) => {
        const held = passed === total
        return (
          <details key={id} open={!held} data-held={held ? '' : undefined}>
            <summary>
              <span className="verdict-disc">
                <Icon name={held ? 'check' : 'cross'} size={16} />
              </span>
              <span className="verdict-text">
                <strong>{title}</strong>
                <span className="quiet">{note}</span>
              </span>
              <span className="verdict-count">{t('ui.quorum', { given: passed, needed: total })}</span>
              <span className="verdict-more">
                <Icon name="back" size={16} />
              </span>
            </summary>
            {checks}
          </details>
        )
      })}
    </section>
  )
}
