import { Icon, PersonChip } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import type { Session } from '../api/types.ts'
import { to, useRoute } from '../components/route.ts'
import { Account } from './account/account.tsx'
import { Api } from './api.tsx'
import { Audit } from './audit.tsx'
import { KmipClients } from './elsewhere/kmip-clients.tsx'
import { Providers } from './elsewhere/providers.tsx'
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
import { Requests } from './requests.tsx'

type Screen = {
  readonly name: string
  readonly show: (rest: readonly string[]) => ReactNode
  /** Pages that the bar does not link to. */
  readonly aside?: true
}

const screens: readonly Screen[] = [
  { name: 'overview', show: () => <Overview /> },
  {
    name: 'keys',
    show: ([id]) =>
      id === undefined ? <Keys /> : id === 'elsewhere' ? <Providers /> : <KeyPage key={id} id={id} />,
  },
  { name: 'requests', show: ([at]) => (at === 'approvals' ? <Approvals /> : <Requests />) },
  {
    name: 'audit',
    show: ([at]) => (at === 'alerts' ? <Alerts /> : at === 'reports' ? <Reports /> : <Audit />),
  },
  {
    name: 'people',
    show: ([at]) => (at === 'review' ? <AccessReview /> : at === 'kmip' ? <KmipClients /> : <People />),
  },
  { name: 'places', show: () => <Places /> },
  { name: 'api', show: () => <Api /> },
  { name: 'account', show: () => <Account />, aside: true },
]

const shown = screens.filter(({ aside }) => aside === undefined)

export function Shell({ session }: { session: Session }) {
  const { t } = useTranslation()
  const [first, ...rest] = useRoute()
  const [open, setOpen] = useState(false)
  const screen = screens.find(({ name }) => name === first) ?? screens[0]
  const at = [screen?.name ?? '', ...rest].join('/')
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
          {shown.map(({ name }) => (
            <a
              key={name}
              href={to(name)}
              aria-current={screen?.name === name ? 'page' : undefined}
              onClick={() => setOpen(false)}
            >
              {t(`console.page.${name}`)}
            </a>
          ))}
        </nav>
        <Who key={at} session={session} />
      </header>
      <main className="page" id="main" tabIndex={-1} key={at}>
        {screen?.show(rest)}
      </main>
    </>
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
