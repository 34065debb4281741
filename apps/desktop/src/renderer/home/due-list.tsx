import { Icon, Rec } from '@lux/ui'
import { Link } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { DueItem } from '../../contract/index.ts'
import { Section } from '../components/screen.tsx'
import { useFormats } from '../i18n/format.ts'
import { hrefOf } from '../stores/route.ts'

/** What has to be done by a day, what is late first. `quiet`: nothing is said where nothing can be due yet. */
export function DueList({ due, quiet }: { due: DueItem[] | null; quiet: boolean }) {
  const { t } = useTranslation()
  if (due === null || (quiet && due.length === 0)) return null
  return (
    <Section title={t('home.due.title')}>
      {due.length === 0 ? <p className="quiet">{t('home.due.none')}</p> : null}
      <ul className="list">
        {due.map((item) => (
          <OneDue key={`${item.kind} ${item.run ?? ''} ${item.at ?? ''}`} item={item} />
        ))}
      </ul>
    </Section>
  )
}

function OneDue({ item: { kind, title, names, at, late, run } }: { item: DueItem }) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <li className="row home-due" data-late={late ? '' : undefined}>
      <Icon name={late ? 'alert' : 'clock'} />
      <span className="row-text">
        <Link underline="always" href={run === null ? hrefOf('settings') : hrefOf('run', run)}>
          {t(`home.due.${kind}`)}
        </Link>
        <span className="quiet">
          <Rec>{[title, ...names].filter((part) => part !== '').join(' · ')}</Rec>
        </span>
      </span>
      <span className="home-due-at">
        {late ? <strong>{t('home.due.late')}</strong> : null}
        {at === null ? null : <Rec>{format.day(at)}</Rec>}
      </span>
    </li>
  )
}
