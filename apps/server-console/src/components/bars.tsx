import { useTranslation } from 'react-i18next'
import type { AuditDay } from '../api/types.ts'
import { useFormats } from './times.ts'

const height = 44
const width = 16
const step = 22

/** A drawing of entries per day over two weeks. A table has the same numbers. */
export function Bars({ days, until }: { days: readonly AuditDay[]; until: Date }) {
  const { t } = useTranslation()
  const { day, number } = useFormats()
  const shown = lastDays(days, until, 14)
  const most = Math.max(1, ...shown.map(({ entries }) => entries))
  const total = shown.reduce((sum, { entries }) => sum + entries, 0)
  return (
    <figure className="bars">
      <svg
        viewBox={`0 0 ${shown.length * step} ${height}`}
        role="img"
        aria-label={t('console.audit.bars', { total: number(total), count: shown.length })}
      >
        {shown.map(({ day: key, entries, refused }, at) => {
          const tall = entries === 0 ? 1 : Math.max(3, (entries / most) * height)
          const bad = (refused / Math.max(1, entries)) * tall
          return (
            <g key={key}>
              <rect
                className={at === shown.length - 1 ? 'bar-today' : 'bar-day'}
                x={at * step}
                y={height - tall}
                width={width}
                height={tall}
                rx={Math.min(3, tall / 2)}
              />
              {bad < 1 ? null : (
                <rect
                  className="bar-refused"
                  x={at * step}
                  y={height - bad}
                  width={width}
                  height={bad}
                  rx={1}
                />
              )}
            </g>
          )
        })}
      </svg>
      <figcaption className="bars-ends">
        <span>{day(shown[0]?.day ?? until.toISOString())}</span>
        <span>{t('console.audit.today')}</span>
      </figcaption>
      <details>
        <summary>{t('console.audit.as-table')}</summary>
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">{t('console.audit.day')}</th>
              <th scope="col">{t('console.audit.entries')}</th>
              <th scope="col">{t('console.audit.refused')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.day}>
                <th scope="row">{day(one.day)}</th>
                <td>{number(one.entries)}</td>
                <td>{number(one.refused)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}

/** Every one of the last days, also those without an entry. */
export function lastDays(days: readonly AuditDay[], until: Date, count: number): readonly AuditDay[] {
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(until.getTime() - (count - 1 - at) * 86_400_000).toISOString().slice(0, 10)
    return days.find((one) => one.day === day) ?? { day, entries: 0, refused: 0 }
  })
}
