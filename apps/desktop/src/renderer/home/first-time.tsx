import { Icon, type IconName } from '@lux/ui'
import { Button, Heading } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import { useFocusFirst } from '../components/screen.tsx'
import { go } from '../stores/route.ts'

const stages = [
  ['gather', 'holders'],
  ['token', 'tokens'],
  ['keys', 'key'],
  ['sign', 'shield'],
  ['bundle', 'bundles'],
] as const satisfies readonly (readonly [string, IconName])[]

const ways = {
  bundle: () => go('bundles'),
  token: () => go('tokens'),
  plan: () => go('ceremonies', 'plan'),
} as const

/** Nothing was done here yet: what a ceremony is, and one press that starts one. */
export function FirstTime({ onStart }: { onStart: () => Promise<void> }) {
  const { t } = useTranslation()
  const next = useFocusFirst()
  return (
    <section className="home-first" aria-label={t('home.first-time')}>
      <div className="panel home-path">
        <Heading as="h2" size="7">
          {t('home.first.title')}
        </Heading>
        <p>{t('home.first.text')}</p>
        <ol>
          {stages.map(([name, icon]) => (
            <li key={name}>
              <span className="home-path-icon">
                <Icon name={icon} size={24} />
              </span>
              <strong>{t(`home.first.stage.${name}.name`)}</strong>
              <span className="quiet">{t(`home.first.stage.${name}.text`)}</span>
            </li>
          ))}
        </ol>
        <div className="actions">
          <Button type="button" size="4" data-go="" ref={next} onClick={() => void onStart()}>
            <Icon name="play" />
            {t('home.first.rehearsal.go')}
          </Button>
          <span className="quiet">{t('home.first.cost')}</span>
        </div>
      </div>
      <div className="home-ways">
        {(['bundle', 'token', 'plan'] as const).map((choice) => (
          <div className="setup-card" key={choice}>
            <Heading as="h2" size="4">
              {t(`home.first.${choice}.title`)}
            </Heading>
            <p className="quiet">{t(`home.first.${choice}.text`)}</p>
            <div>
              <Button type="button" variant="surface" color="gray" highContrast onClick={ways[choice]}>
                {t(`home.first.${choice}.go`)}
              </Button>
            </div>
          </div>
        ))}
      </div>
    </section>
  )
}
