import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

/** What an empty place is for, one thing to do, and the time that it takes. */
export function EmptyState({
  icon,
  title,
  what,
  action,
  cost,
}: {
  icon?: IconName
  title: string
  what: string
  action?: ReactNode
  cost?: string
}) {
  return (
    <section className="empty-state">
      {icon === undefined ? null : (
        <span className="empty-state-icon">
          <Icon name={icon} size={24} />
        </span>
      )}
      <h2>{title}</h2>
      <p>{what}</p>
      {action === undefined ? null : <div>{action}</div>}
      {cost === undefined ? null : <p className="quiet">{cost}</p>}
    </section>
  )
}
