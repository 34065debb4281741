import { FailureNotice } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom } from '../api/client.ts'
import { answerChallenge } from '../api/security-keys.ts'

/** Asks for the second factor again, by a code or a security key, inside the form that lacked it. */
export function ProveAnew() {
  const { t } = useTranslation()
  const id = useId()
  const [totp, setTotp] = useState('')
  const prove = useMutation({
    mutationFn: async (by: 'code' | 'key') =>
      call<unknown>(
        'POST',
        '/console/session/second-factor',
        by === 'code' ? { totp } : { assertion: await answerChallenge() },
      ),
  })
  if (prove.isSuccess) return <p role="status">{t('console.prove.done')}</p>
  const does = (by: 'code' | 'key') => (
    <Button
      type="button"
      variant="surface"
      color="gray"
      highContrast
      aria-disabled={prove.isPending}
      onClick={() => {
        if (!prove.isPending) prove.mutate(by)
      }}
    >
      {t(`console.prove.${by}`)}
    </Button>
  )
  return (
    <fieldset className="form">
      <legend>{t('console.prove.title')}</legend>
      <p>{t('console.prove.what')}</p>
      {prove.error === null ? null : <FailureNotice failure={failureFrom(prove.error)} />}
      <div className="field">
        <label htmlFor={id}>{t('console.door.totp')}</label>
        <input
          id={id}
          inputMode="numeric"
          autoComplete="one-time-code"
          dir="ltr"
          value={totp}
          onChange={(event) => setTotp(event.target.value.trim())}
          // Without this, Enter would send the form around it and clear what was typed here.
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            if (!prove.isPending) prove.mutate('code')
          }}
        />
      </div>
      <span className="actions">
        {does('code')}
        {does('key')}
      </span>
    </fieldset>
  )
}
