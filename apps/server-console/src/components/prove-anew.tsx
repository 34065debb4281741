import { FailureNotice } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom, proveBy } from '../api/client.ts'
import { answerChallenge } from '../api/security-keys.ts'
import { Dialog } from './dialog.tsx'
import { Field } from './form.tsx'

/** Asks for the second factor again in front of whatever lacked it, which goes on by itself. */
export function ProveAnew() {
  const [asking, setAsking] = useState(false)
  const waiting = useRef<((shown: boolean) => void)[]>([])
  useEffect(
    () =>
      proveBy(
        () =>
          new Promise((resolve) => {
            waiting.current.push(resolve)
            setAsking(true)
          }),
      ),
    [],
  )
  const end = (shown: boolean): void => {
    setAsking(false)
    for (const resolve of waiting.current.splice(0)) resolve(shown)
  }
  return asking ? <Asks onShown={() => end(true)} onClose={() => end(false)} /> : null
}

function Asks({ onShown, onClose }: { onShown: () => void; onClose: () => void }) {
  const { t } = useTranslation()
  const prove = useMutation({
    mutationFn: (by: { readonly totp: string } | 'key') => shown(by),
    onSuccess: onShown,
  })
  const does = (by: { readonly totp: string } | 'key'): void => {
    if (!prove.isPending) prove.mutate(by)
  }
  return (
    <Dialog title={t('console.prove.title')} onClose={onClose}>
      <form
        className="form"
        // No part of the form behind it.
        onSubmit={(event) => {
          event.preventDefault()
          event.stopPropagation()
          does({ totp: String(new FormData(event.currentTarget).get('totp')).trim() })
        }}
      >
        <p>{t('console.prove.goes-on')}</p>
        <Field
          name="totp"
          label={t('console.door.totp')}
          inputMode="numeric"
          autoComplete="one-time-code"
          dir="ltr"
          autoFocus
        />
        {prove.error === null ? null : <FailureNotice failure={failureFrom(prove.error)} />}
        <span className="actions">
          <Button type="submit" size="3" aria-disabled={prove.isPending}>
            {t('console.prove.code')}
          </Button>
          <Button
            type="button"
            size="3"
            variant="surface"
            color="gray"
            highContrast
            aria-disabled={prove.isPending}
            onClick={() => does('key')}
          >
            {t('console.prove.key')}
          </Button>
        </span>
      </form>
    </Dialog>
  )
}

const shown = async (by: { readonly totp: string } | 'key') =>
  call<unknown>(
    'POST',
    '/console/session/second-factor',
    by === 'key' ? { assertion: await answerChallenge() } : by,
  )
