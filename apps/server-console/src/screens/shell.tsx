import { Icon, PersonChip } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import type { Session } from '../api/types.ts'
import { Page } from '../components/page.tsx'
import { ProveAnew } from '../components/prove-anew.tsx'
import { type At, pageOf, to, useRoute } from '../components/route.ts'
import { Account } from './account/account.tsx'
import { Api } from './api.tsx'
import { Audit } from './audit.tsx'
import { KmipClients } from './elsewhere/kmip-clients.tsx'
import { Providers } from './elsewhere/providers.tsx'
import { SignOn } from './elsewhere/sign-on.tsx'
import { KeyPage } from './key.tsx'
import { Keys } from './keys.tsx'
import { AccessReview } from './oversight/access-review.tsx'
import { Alerts } from './oversight/alerts.tsx'
import { Approvals } from './oversight/approvals.tsx'
import { Reports } from './oversight/reports.tsx'
import { Overview } from './overview.tsx'
import { People } from './people.tsx'
import { Places } from './places.tsx'
import { Preferences } from './preferences.tsx'
import { Decryptions, Requests } from './requests.tsx'

const screens: Readonly<Record<Exclude<At['page'], 'key'>, () => ReactNode>> = {
  overview: () => <Overview />,
  keys: () => <Keys />,
  'keys/elsewhere': () => <Providers />,
  requests: () => <Requests />,
  'requests/decryptions': () => <Decryptions />,
  'requests/approvals': () => <Approvals />,
  audit: () => <Audit />,
  'audit/alerts': () => <Alerts />,
  'audit/reports': () => <Reports />,
  people: () => <People />,
  'people/review': () => <AccessReview />,
  'people/sign-on': () => <SignOn />,
  'people/kmip': () => <KmipClients />,
  places: () => <Places />,
  api: () => <Api />,
  account: () => <Account />,
}

/** What the bar links to. */
const shown = ['overview', 'keys', 'requests', 'audit', 'people', 'places', 'api'] as const

export function Shell({ session }: { session: Session }) {
  const { t } = useTranslation()
  const route = useRoute()
  const [open, setOpen] = useState(false)
  const found = pageOf(route)
  const [first = 'overview'] = route
  const at = route.join('/')
  return (
    <>
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        {t('console.skip')}
      </button>
      {session.domain === 'rehearsal' ? <p className="rehearsal">{t('console.rehearsal')}</p> : null}
      <header className="bar">
        <a className="bar-name" href={to()}>
          <span className="mark">
            <Icon name="key" size={18} />
          </span>
          {t('console.name')}
        </a>
        <button
          type="button"
          className="bar-menu icon-button"
          aria-expanded={open}
          aria-label={t('console.menu')}
          onClick={() => setOpen(!open)}
        >
          <Icon name="menu" size={20} />
        </button>
        <nav className="bar-nav" data-open={open ? '' : undefined} aria-label={t('console.pages')}>
          {shown.map((name) => (
            <a
              key={name}
              href={to(name)}
              aria-current={found !== null && first === name ? 'page' : undefined}
              onClick={() => setOpen(false)}
            >
              {t(`console.page.${name}`)}
            </a>
          ))}
        </nav>
        <Who key={at} session={session} />
      </header>
      <main className="page" id="main" tabIndex={-1} key={at}>
        {found === null ? (
          <NoPage />
        ) : found.page === 'key' ? (
          <KeyPage id={found.id} />
        ) : (
          screens[found.page]()
        )}
      </main>
      <ProveAnew />
    </>
  )
}

function NoPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('console.no-page.title')} lead={t('console.no-page.what')}>
      <a href={to('overview')}>{t('console.page.overview')}</a>
    </Page>
  )
}

function Who({ session: { person } }: { session: Session }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const out = useMutation({
    mutationFn: () => call<unknown>('DELETE', '/console/session'),
    onSettled: async () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
      await queries.invalidateQueries({ queryKey: ['session'] })
    },
  })
  if (person === null) return null
  const roles = [...new Set(person.grants.map(({ role }) => t(`console.role.${role}`)))]
  return (
    <details className="who">
      <summary>
        <PersonChip name={person.name} presence="here" size="small" />
      </summary>
      <div className="who-menu">
        <p className="quiet">{roles.join(' · ')}</p>
        <a href={to('account')}>{t('console.account.title')}</a>
        <Preferences />
        <Button
          type="button"
          size="3"
          variant="surface"
          color="gray"
          highContrast
          onClick={() => out.mutate()}
          aria-disabled={out.isPending}
        >
          {t('console.log-out')}
        </Button>
      </div>
    </details>
  )
}
