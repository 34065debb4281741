import { useTranslation } from 'react-i18next'
import type { VersionState } from '../api/types.ts'

type ShownVersion = { readonly version: number; readonly state: VersionState }

const most = 5

/** A key's versions in a row, the newest last. Solid: makes new data. Grey: opens old data. Struck out: gone. */
export function VersionRow({ versions }: { versions: readonly ShownVersion[] }) {
  const { t } = useTranslation()
  const shown = versions.toSorted((one, other) => one.version - other.version).slice(-most)
  const left = versions.length - shown.length
  return (
    <ol className="version-row">
      {left > 0 ? <li className="version-more">{t('console.versions.more', { count: left })}</li> : null}
      {shown.map(({ version, state }) => (
        <li key={version} className="version-dot" data-state={state}>
          <span aria-hidden="true">{t('console.versions.short', { version })}</span>
          <span className="visually-hidden">
            {t('console.versions.said', { version, state: t(`console.state.${state}`) })}
          </span>
        </li>
      ))}
    </ol>
  )
}

export function VersionLegend() {
  const { t } = useTranslation()
  return (
    <ul className="legend" aria-hidden="true">
      {(['enabled', 'decrypt-only', 'destroyed'] as const).map((state) => (
        <li key={state}>
          <span className="legend-dot" data-state={state} />
          {t(`console.legend.${state}`)}
        </li>
      ))}
    </ul>
  )
}
