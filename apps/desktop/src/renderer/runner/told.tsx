import { Code, Icon, Rec } from '@lux/ui'
import { useErrorText } from '@lux/ui/i18n'
import { useTranslation } from 'react-i18next'

/** A code at its beginning, and what follows it; of a person's own words no code. */
export function coded(happened: string): { code: string | null; detail: string } {
  const [, code = null, detail = happened] = /^([A-Z]+-[A-Z0-9-]+): (.*)$/s.exec(happened) ?? []
  return { code, detail }
}

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
  const { code, detail } = coded(happened)
  const text = useErrorText({ code: code ?? '', detail })
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
          {code === null ? (
            <Rec>{detail}</Rec>
          ) : (
            <>
              {text.what}
              <br />
              <span className="quiet">
                <Rec>{detail}</Rec> · <Code>{code}</Code>
              </span>
            </>
          )}
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
