import { FailureNotice } from '@lux/ui'
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { failureFrom } from '../api/client.ts'

/** Another page of the same subject. */
export type Beside = { readonly href: string; readonly label: string; readonly here: boolean }

/** One page. Its title answers the page's question, and a screen reader starts there. */
export function Page({
  title,
  lead,
  badge,
  beside,
  children,
}: {
  title: ReactNode
  lead?: ReactNode
  badge?: ReactNode
  beside?: readonly Beside[]
  children: ReactNode
}) {
  const { t } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <>
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead === undefined ? null : <p className="lead">{lead}</p>}
        </div>
        {badge === undefined ? null : <div className="page-badge">{badge}</div>}
      </header>
      {beside === undefined ? null : (
        <nav className="beside" aria-label={t('console.beside')}>
          {beside.map(({ href, label, here }) => (
            <a key={href} href={href} aria-current={here ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
      )}
      {children}
    </>
  )
}

export function Card({
  title,
  note,
  children,
  className = '',
}: {
  title?: ReactNode
  note?: ReactNode
  children: ReactNode
  className?: string
}) {
  const id = useId()
  return (
    <section className={`card ${className}`} {...(title === undefined ? {} : { 'aria-labelledby': id })}>
      {title === undefined ? null : (
        <header className="card-head">
          <h2 id={id}>{title}</h2>
          {note === undefined ? null : <div className="quiet">{note}</div>}
        </header>
      )}
      {children}
    </section>
  )
}

/** Shows a query: its data, that it is loading, or why it failed. */
export function Asked<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}) {
  const { t } = useTranslation()
  if (query.data !== undefined) return children(query.data)
  if (query.isError)
    return <FailureNotice failure={failureFrom(query.error)} onRetry={() => void query.refetch()} />
  return (
    <p className="quiet" role="status">
      {t('console.loads')}
    </p>
  )
}
