import { Icon, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'

/** What was expected against what happened, and beside it what nobody has to doubt. */
export function Told({
  expected,
  happened,
  certain,
}: {
  expected: string
  happened: string
  certain: string | null
}) {
  const { t } = useTranslation()
  return (
    <dl className="told">
      <div>
        <dt>{t('runner.expected')}</dt>
        <dd>
          <Rec>{expected}</Rec>
        </dd>
      </div>
      <div data-tone="found">
        <dt>{t('runner.happened')}</dt>
        <dd>
          <Rec>{happened}</Rec>
        </dd>
      </div>
      {certain === null ? null : (
        <div data-tone="certain">
          <dt>
            <Icon name="check" /> {t('runner.told.is-certain')}
          </dt>
          <dd>{certain}</dd>
        </div>
      )}
    </dl>
  )
}
