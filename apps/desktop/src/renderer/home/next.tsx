import { Icon, Rec } from '@lux/ui'
import { Button, Heading } from '@radix-ui/themes'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFocusFirst } from '../components/screen.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { go } from '../stores/route.ts'
import type { NextAction } from './next-action.ts'

export function Next({ action, onStart }: { action: NextAction; onStart: () => Promise<void> }) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  switch (action.kind) {
    case 'go-on': {
      const { id, title, progress, at, organisation } = action.run
      return (
        <Card
          ring={<Ring {...progress} />}
          title={
            <>
              {t('home.resume', { step: progress.done + 1 })}
              {at === null ? null : (
                <>
                  {' '}
                  <Rec>{textOf.title(at)}</Rec>
                </>
              )}
            </>
          }
          text={<Rec>{`${title} · ${organisation}`}</Rec>}
          label={t('home.continue')}
          onPress={() => go('run', id)}
        />
      )
    }
    case 'hand-over':
      return (
        <Card
          ring={<Ring {...action.run.progress} />}
          title={t('home.hand-over')}
          text={<Rec>{action.run.title}</Rec>}
          label={t('home.hand-over-go')}
          onPress={() => go('run', action.run.id)}
        />
      )
    case 'prepare': {
      const { id, title, next, signed } = action.setup
      return (
        <Card
          title={
            <>
              {t('home.prepare')} <Rec>{title}</Rec>
            </>
          }
          text={
            signed === null
              ? t('setup.stands', { stage: t(`setup.stage.${next}`) })
              : t(`home.waits.${next === 'policy' ? 'policy' : 'approve'}`, signed)
          }
          label={t('home.continue')}
          onPress={() => go('setup', id)}
        />
      )
    }
    case 'design': {
      const { id, title, faults } = action.draft
      return (
        <Card
          title={
            <>
              {t('home.design')} <Rec>{title}</Rec>
            </>
          }
          text={faults > 0 ? t('designer.faults', { count: faults }) : t('designer.sound')}
          label={t('home.continue')}
          onPress={() => go('script', id)}
        />
      )
    }
    case 'start':
      return (
        <Card
          title={t('home.start')}
          text={t('home.start-text')}
          label={t('home.first.rehearsal.go')}
          onPress={() => void onStart()}
          beside={
            <Button
              type="button"
              size="3"
              variant="surface"
              color="gray"
              highContrast
              onClick={() => go('ceremonies')}
            >
              {t('home.start-go')}
            </Button>
          }
        />
      )
  }
}

function Card({
  ring,
  title,
  text,
  label,
  onPress,
  beside,
}: {
  ring?: ReactNode
  title: ReactNode
  text: ReactNode
  label: string
  onPress: () => void
  beside?: ReactNode
}) {
  const { t } = useTranslation()
  const next = useFocusFirst()
  return (
    <section className="panel next" aria-label={t('home.next')}>
      {ring}
      <div className="row-text">
        <span className="quiet">{t('home.next')}</span>
        <Heading as="h2" size="6">
          {title}
        </Heading>
        <span className="quiet">{text}</span>
      </div>
      <span className="actions">
        {beside}
        <Button type="button" size="4" data-go="" ref={next} onClick={onPress}>
          <Icon name="play" />
          {label}
        </Button>
      </span>
    </section>
  )
}

const radius = 42
const around = 2 * Math.PI * radius

/** How much of a run is done; the words stand in it. */
function Ring({ done, total }: { done: number; total: number }) {
  const { t } = useTranslation()
  const share = total === 0 ? 0 : done / total
  return (
    <svg
      className="home-ring"
      width={96}
      height={96}
      viewBox="0 0 100 100"
      role="img"
      aria-label={t('home.steps-done', { done, total })}
    >
      <circle className="home-ring-all" cx="50" cy="50" r={radius} fill="none" strokeWidth="9" />
      <circle
        className="home-ring-done"
        cx="50"
        cy="50"
        r={radius}
        fill="none"
        strokeWidth="9"
        strokeLinecap="round"
        strokeDasharray={`${share * around} ${around}`}
        transform="rotate(-90 50 50)"
      />
      <text x="50" y="50" textAnchor="middle" dominantBaseline="central" direction="ltr">
        {done}/{total}
      </text>
    </svg>
  )
}
