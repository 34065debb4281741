import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { useFormats } from '../i18n/format.ts'
import { hrefOf } from '../stores/route.ts'
import { Fingerprint } from './fingerprint.tsx'
import { Code, Rec } from './record.tsx'

/** Nothing is left to do here: what came of it, and where it lies. */
export function RunEnd({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <section className="panel" aria-label={t('runner.end')}>
      <div className="step">
        <h2 className="step-title">{t(`states.run-end.${view.state}`)}</h2>
        {view.bundle === null ? null : (
          <>
            <Fingerprint
              words={view.bundle.words}
              hex={view.bundle.digest}
              label={t('bundles.digest-words')}
            />
            <dl className="facts">
              <dt>{t('bundles.file')}</dt>
              <dd>
                <Code>{view.bundle.path}</Code>
              </dd>
              <dt>{t('bundles.file-size')}</dt>
              <dd>
                <Rec>{format.bytes(view.bundle.bytes)}</Rec>
              </dd>
            </dl>
            <div className="actions">
              <Button asChild>
                <a href={hrefOf('bundles')}>{t('runner.to-bundles')}</a>
              </Button>
            </div>
          </>
        )}
      </div>
    </section>
  )
}
