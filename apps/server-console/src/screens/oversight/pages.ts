import { useTranslation } from 'react-i18next'
import type { Beside } from '../../components/page.tsx'
import { to } from '../../components/route.ts'

/** The pages beside this one, and which of them is open. */
function usePages(pages: readonly (readonly [name: string, href: string])[], at: string): readonly Beside[] {
  const { t } = useTranslation()
  return pages.map(([name, href]) => ({ href, label: t(`console.beside-page.${name}`), here: name === at }))
}

export const useAuditPages = (at: 'log' | 'alerts' | 'reports') =>
  usePages(
    [
      ['log', to('audit')],
      ['alerts', to('audit', 'alerts')],
      ['reports', to('audit', 'reports')],
    ],
    at,
  )

export const useKeyPages = (at: 'keys' | 'providers') =>
  usePages(
    [
      ['keys', to('keys')],
      ['providers', to('keys', 'elsewhere')],
    ],
    at,
  )

export const usePeoplePages = (at: 'all' | 'review' | 'sign-on' | 'kmip') =>
  usePages(
    [
      ['all', to('people')],
      ['review', to('people', 'review')],
      ['sign-on', to('people', 'sign-on')],
      ['kmip', to('people', 'kmip')],
    ],
    at,
  )

export const useRequestPages = (at: 'requests' | 'approvals') =>
  usePages(
    [
      ['requests', to('requests', 'decryptions')],
      ['approvals', to('requests', 'approvals')],
    ],
    at,
  )
