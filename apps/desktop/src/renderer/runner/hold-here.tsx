import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import { call } from '../client.ts'
import { KeySign } from '../components/key-sign.tsx'
import { run } from '../stores/remotes.ts'

/** A holder without a device takes the share at the window, onto a medium of their own. */
export function HoldHere({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation()
  return (
    <KeySign
      trigger={
        <Button variant="surface" color="gray" highContrast aria-label={t('runner.hold-here-for', { name })}>
          {t('runner.hold-here')}
        </Button>
      }
      title={t('runner.hold-here-title', { name })}
      name={name}
      what={t('runner.hold-here-what')}
      onSign={async (key, passphrase) => {
        const saved = await call('shell.saveFile', { kind: 'share', name: `share-of-${name}.sealed` })
        if (!saved.ok) return saved
        if (saved.value.path === null) return null
        const answer = await call('ceremonies.holdHere', { id, name, key, passphrase, out: saved.value.path })
        if (answer.ok) run.put(answer.value)
        return answer
      }}
    />
  )
}
