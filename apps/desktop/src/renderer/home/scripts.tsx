import { Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Field, ScriptView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { filledIn } from '../components/fields.tsx'
import { Section } from '../components/screen.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { go } from '../stores/route.ts'

/** A rehearsal with everything as the script proposes it; null once its run is open. */
export async function startScript(id: string, fields: readonly Field[]): Promise<Failure | null> {
  const values = filledIn(fields, {})
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
  const { t } = useTranslation()
  const { about } = useScriptText()
  const [busy, setBusy] = useState<string | null>(null)
  return (
    <Section title={t('home.scripts')}>
      <p className="quiet">{t('home.scripts-text')}</p>
      <ul className="home-scripts">
        {scripts.map((script) => {
          const { id } = script
          const name = about(script).title
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
