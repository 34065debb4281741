import { Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, ScriptView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { filledIn } from '../components/fields.tsx'
import { Section } from '../components/screen.tsx'
import { go } from '../stores/route.ts'

/** A rehearsal with everything as the script proposes it; null once its run is open. */
export async function startScript(id: string, known: readonly ScriptView[]): Promise<Failure | null> {
  const script = known.find((one) => one.id === id)
  const values = script === undefined ? {} : filledIn(script.fields, {})
  const answer = await call('ceremonies.startRehearsal', { script: id, values })
  if (!answer.ok) return answer.error
  go('run', answer.value.id)
  return null
}

/** Every script, each started by one press; the ceremonies have the same with values and people of one's own. */
export function Scripts({
  scripts,
  onStart,
}: {
  scripts: readonly ScriptView[]
  onStart: (id: string) => Promise<void>
}) {
  const { t, i18n } = useTranslation()
  const [busy, setBusy] = useState<string | null>(null)
  return (
    <Section title={t('home.scripts')}>
      <p className="quiet">{t('home.scripts-text')}</p>
      <ul className="home-scripts">
        {scripts.map(({ id, title }) => {
          const name = i18n.exists(`script.about.${id}.title`) ? t(`script.about.${id}.title`) : title
          return (
            <li key={id}>
              <Rec>{name}</Rec>
              <Button
                type="button"
                variant="surface"
                color="gray"
                highContrast
                loading={busy === id}
                aria-label={t('home.script-go-for', { name })}
                onClick={() => {
                  setBusy(id)
                  void onStart(id).then(() => setBusy(null))
                }}
              >
                {t('home.script-go')}
              </Button>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
