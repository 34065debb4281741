import { Icon, Rec } from '@lux/ui'
import { Button, Link } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { CeremonySummary } from '../../contract/index.ts'
import { DomainBadge } from '../components/state-badge.tsx'
import { useFormats } from '../i18n/format.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { go, hrefOf } from '../stores/route.ts'

/** Why nothing goes on there, where it is not the step itself. */
const standsStill: ReadonlySet<string> = new Set(['paused', 'exception', 'reconciling'])

/** Every unfinished run on one line: how far it is, why it stands still, since when it is here, and its own way on. */
export function UnderWay({ ceremonies }: { ceremonies: readonly CeremonySummary[] }) {
  return (
    <div className="run-lines-in">
      <ul className="panel run-lines">
        {ceremonies.map((one) => (
          <RunLine key={one.id} ceremony={one} />
        ))}
      </ul>
    </div>
  )
}

function RunLine({ ceremony }: { ceremony: CeremonySummary }) {
  const { t } = useTranslation()
  const format = useFormats()
  const textOf = useScriptText()
  const { id, title, domain, state, at, actor, progress, created } = ceremony
  const label = t(state === 'exception' ? 'home.decide' : 'home.continue')
  return (
    <li data-state={state}>
      <Link href={hrefOf('run', id)} weight="medium" underline="always">
        <Rec>{title}</Rec>
      </Link>
      <span>
        <DomainBadge domain={domain} />
      </span>
      <span className="run-far">
        <progress value={progress.done} max={progress.total} aria-hidden="true" />
        <span className="tabular">{t('home.steps-of', { ...progress })}</span>
      </span>
      <span className="run-why">
        {state === 'exception' ? <Icon name="flag" /> : null}
        {standsStill.has(state) ? (
          t(`states.run-end.${state}`)
        ) : at === null ? (
          t('ceremonies.nothing-waits')
        ) : (
          <Rec>{[textOf.title(at), ...(actor === null ? [] : [actor.name])].join(' · ')}</Rec>
        )}
      </span>
      <span className="quiet tabular run-since">
        <Rec>{format.day(created)}</Rec>
      </span>
      <Button
        type="button"
        variant="surface"
        color="gray"
        highContrast
        aria-label={t('home.go-for', { what: label, name: title })}
        onClick={() => go('run', id)}
      >
        {label}
      </Button>
    </li>
  )
}
