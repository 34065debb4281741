import { Rec } from '@lux/ui'
import { Link } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { CeremonySummary } from '../../contract/index.ts'
import { useFormats } from '../i18n/format.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { hrefOf } from '../stores/route.ts'
import { DomainBadge, RunStateBadge } from './state-badge.tsx'

export function CeremonyTable({ ceremonies }: { ceremonies: CeremonySummary[] }) {
  const { t } = useTranslation()
  const format = useFormats()
  const textOf = useScriptText()
  return (
    <section className="table-wrap" aria-label={t('ceremonies.table')}>
      <table className="table">
        <thead>
          <tr>
            {(['title', 'state', 'at', 'progress', 'created'] as const).map((column) => (
              <th key={column} scope="col" className={`column-${column}`}>
                {t(`ceremonies.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ceremonies.map(({ id, title, organisation, domain, state, at, actor, progress, created }) => (
            <tr key={id}>
              <th scope="row">
                <Link href={hrefOf('run', id)} weight="medium" underline="always">
                  <Rec>{title}</Rec>
                </Link>
                <div className="quiet">
                  <Rec>{organisation}</Rec>
                </div>
              </th>
              <td>
                <span className="actions">
                  <RunStateBadge state={state} />
                  <DomainBadge domain={domain} />
                </span>
              </td>
              <td>
                {at === null ? t('ceremonies.nothing-waits') : <Rec>{textOf.title(at)}</Rec>}
                {actor === null ? null : (
                  <div className="quiet">
                    <Rec>{actor.name}</Rec>
                  </div>
                )}
              </td>
              <td className="tabular">
                <Rec>
                  {progress.done} / {progress.total}
                </Rec>
              </td>
              <td className="tabular column-created">
                <Rec>{format.time(created)}</Rec>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
