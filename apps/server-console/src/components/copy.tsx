import { Code, Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation()
  const [ended, setEnded] = useState<'copied' | 'copy-failed' | null>(null)
  // A browser may refuse it, and offers it only on encrypted pages.
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setEnded('copied')
    } catch {
      setEnded('copy-failed')
    }
  }
  return (
    <Button
      type="button"
      size="2"
      variant="surface"
      color="gray"
      highContrast
      onClick={() => void copy()}
      onBlur={() => setEnded(null)}
    >
      <Icon name={ended === 'copied' ? 'check' : ended === null ? 'file' : 'alert'} />
      <span aria-live="polite">{ended === null ? (label ?? t('console.copy')) : t(`console.${ended}`)}</span>
    </Button>
  )
}

/** One value among others. The whole of it is copied, even when it is shown shortened. */
export function CopyCode({ value, shown = value }: { value: string; shown?: string }) {
  return (
    <span className="actions">
      <Code>{shown}</Code>
      <CopyButton text={value} />
    </span>
  )
}

/** A value that is shown once. It is hidden, from screen readers too, until somebody asks for it. */
export function Secret({ label, value }: { label: string; value: string }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  return (
    <div className="secret">
      <span className="secret-label">{label}</span>
      <bdi dir="ltr" className="mono secret-value" aria-hidden={!shown} data-record="">
        {shown ? value : '•'.repeat(24)}
      </bdi>
      <span className="actions">
        <Button
          type="button"
          size="2"
          variant="surface"
          color="gray"
          highContrast
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          <Icon name="eye" />
          {shown ? t('console.hide') : t('console.show')}
        </Button>
        <CopyButton text={value} />
      </span>
    </div>
  )
}

/** One value in full, with a button that copies it. */
export function Value({ label, value }: { label: string; value: string }) {
  return (
    <div className="secret">
      <span className="secret-label">{label}</span>
      <bdi dir="ltr" className="mono secret-value" data-record="">
        {value}
      </bdi>
      <span className="actions">
        <CopyButton text={value} />
      </span>
    </div>
  )
}
