import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Throws away what a person has prepared: asked twice, in place. */
export function Discard({ name, onDiscard }: { name: string; onDiscard: () => void }) {
  const { t } = useTranslation()
  const [asks, setAsks] = useState(false)
  return (
    <Button
      type="button"
      variant="ghost"
      color={asks ? 'red' : 'gray'}
      highContrast
      aria-label={t(asks ? 'setup.discard-sure-for' : 'setup.discard-for', { name })}
      onBlur={() => setAsks(false)}
      onClick={() => {
        if (asks) onDiscard()
        else setAsks(true)
      }}
    >
      {t(asks ? 'setup.discard-sure' : 'setup.discard')}
    </Button>
  )
}
