import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from './icon.tsx'

type VerdictGroup = {
  readonly id: string
  /** The answer, never the category: "The record is unbroken". */
  readonly title: ReactNode
  readonly note: ReactNode
  /** `open`: nothing failed, but not everything was checked. */
  readonly state: 'passed' | 'failed' | 'open'
  readonly passed: number
  readonly total: number
  readonly checks: ReactNode
}

const icons: Record<VerdictGroup['state'], IconName> = { passed: 'check', failed: 'cross', open: 'dash' }

/** Checks in groups. A group is folded where all its checks passed. */
export function VerdictGroups({ groups, label }: { groups: readonly VerdictGroup[]; label: string }) {
  const { t } = useTranslation()
  return (
    <section className="verdict-groups" aria-label={label}>
      {groups.map(({ id, title, note, state, passed, total, checks }) => (
        <details key={id} open={state !== 'passed'} data-state={state}>
          <summary>
            <span className="verdict-disc">
              <Icon name={icons[state]} size={16} />
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
      ))}
    </section>
  )
}
