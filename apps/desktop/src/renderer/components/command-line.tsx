import { Code } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Fragment, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../client.ts'

const shownMs = 2000

/** A command as it is typed, broken between its words alone, and a button that copies it. */
export function CommandLine({ text }: { text: string }) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), shownMs)
    return () => clearTimeout(timer)
  }, [copied])

  async function copy(): Promise<void> {
    setCopied((await call('shell.copy', { text })).ok)
  }

  return (
    <div className="command">
      <Code>
        {text.split(' ').map((word, at) => (
          // A word may come twice; its place is what tells it apart.
          // biome-ignore lint/suspicious/noArrayIndexKey: the command never changes order
          <Fragment key={at}>
            {at === 0 ? null : ' '}
            <span className="word">{word}</span>
          </Fragment>
        ))}
      </Code>
      <Button
        type="button"
        size="1"
        variant="surface"
        color="gray"
        highContrast
        aria-label={t('common.copy-command', { command: text })}
        onClick={() => void copy()}
      >
        {t(copied ? 'common.copied' : 'common.copy')}
      </Button>
      <span role="status" className="visually-hidden">
        {copied ? t('common.copied') : null}
      </span>
    </div>
  )
}
