import { Button } from '@radix-ui/themes'
import { Component, type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { type Failure, useErrorText } from '../i18n/error-text.ts'
import { Icon } from './icon.tsx'
import { Code, Rec, Sentence } from './record.tsx'

type Props = { failure: Failure; tone?: 'bad' | 'warn'; onRetry?: () => void }

/** What happened, why, what to do, and the code, for every refusal and failure. */
export function FailureNotice({ failure, tone = 'bad', onRetry }: Props) {
  const { t } = useTranslation()
  const text = useErrorText(failure)
  const notice = useRef<HTMLDivElement>(null)
  // Whoever pressed far below it would see nothing happen.
  useEffect(() => {
    // Newer browsers give a promise, which React would call as the effect's end.
    notice.current?.scrollIntoView?.({ block: 'nearest' })
  }, [])
  return (
    <div ref={notice} className="failure" data-tone={tone} role="alert" data-code={failure.code}>
      <Icon name="alert" size={18} />
      <div>
        <strong>{text.what}</strong>
        <dl>
          <dt>{t('errors.label-why')}</dt>
          <dd>
            <Sentence>{text.why}</Sentence>
          </dd>
          <dt>{t('errors.label-do')}</dt>
          <dd>
            <Sentence>{text.do}</Sentence>
          </dd>
          {failure.detail === '' ? null : (
            <>
              <dt>{t('errors.label-detail')}</dt>
              <dd>
                <Rec>{failure.detail}</Rec>
              </dd>
            </>
          )}
          <dt>{t('errors.label-code')}</dt>
          <dd>
            <Code>{failure.code}</Code>
          </dd>
        </dl>
        {onRetry ? (
          <Button type="button" size="1" variant="surface" color="gray" highContrast onClick={onRetry}>
            {t('ui.retry')}
          </Button>
        ) : null}
      </div>
    </div>
  )
}

/**
 * Replaces a screen that fails to render by a notice, so that the page is never empty. A new `place` renders afresh. Only the kind of the
 * fault is shown, because its message may quote the screen.
 */
export class FaultBoundary extends Component<
  { place: string; children: ReactNode },
  { fault: string | null }
> {
  override state = { fault: null }

  static getDerivedStateFromError(error: unknown): { fault: string } {
    return { fault: error instanceof Error ? error.name : 'fault' }
  }

  override componentDidUpdate(before: { place: string }): void {
    if (before.place !== this.props.place && this.state.fault !== null) this.setState({ fault: null })
  }

  override render(): ReactNode {
    const { fault } = this.state
    if (fault === null) return this.props.children
    return (
      <FailureNotice
        failure={{ code: 'INTERNAL', detail: `${this.props.place}: ${fault}` }}
        onRetry={() => this.setState({ fault: null })}
      />
    )
  }
}
