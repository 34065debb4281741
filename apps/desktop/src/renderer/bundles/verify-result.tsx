import { Code, Rec, WordCards } from '@lux/ui'
import { Heading } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { VerifyView } from '../../contract/index.ts'
import { Outcome, type Tone } from '../components/outcome.tsx'
import { useFormats } from '../i18n/format.ts'

const verdictTone = { accepted: 'good', consistent: 'warn', refused: 'bad' } as const
const checkTone: Record<VerifyView['checks'][number]['outcome'], Tone> = {
  passed: 'good',
  failed: 'bad',
  'not-run': 'none',
}

type Contents = NonNullable<VerifyView['contents']>

/** Who signed: those alone whose signatures were verified under the policy that was given. */
export function Signers({ result, signers }: { result: VerifyView; signers: Contents['signers'] }) {
  const { t } = useTranslation()
  const format = useFormats()
  if (signers === null) {
    const check = result.checks.find(({ name }) => name === 'MANIFEST-SIGNATURES')
    return check?.outcome === 'failed' ? t('bundles.signers-refused') : t('bundles.signers-unchecked')
  }
  const { signed, missing } = signers
  const counts = { signed: format.number(signed.length), all: format.number(signed.length + missing.length) }
  return (
    <>
      {t('bundles.signers-of', counts)} <Rec>{signed.join(', ')}</Rec>
      {missing.length === 0 ? null : (
        <>
          {'. '}
          {t('bundles.signers-missing')} <Rec>{missing.join(', ')}</Rec>
        </>
      )}
    </>
  )
}

/** The verdict, every check by its name with what it means, and what the bundle holds. */
export function VerifyResult({ result }: { result: VerifyView }) {
  const { t, i18n } = useTranslation()
  const format = useFormats()
  const { contents } = result
  return (
    <div className="section" role="status" data-verdict={result.verdict}>
      <div className="panel verdict" data-tone={verdictTone[result.verdict]}>
        <Outcome tone={verdictTone[result.verdict]}>{null}</Outcome>
        <div className="row-text">
          <Heading as="h3" size="4">
            {t(`bundles.verdict.${result.verdict}.title`)}
          </Heading>
          <span className="quiet">{t(`bundles.verdict.${result.verdict}.text`)}</span>
          {result.rule === null ? null : (
            <span>
              <Code>{result.rule}</Code> {result.detail === null ? null : <Rec>{result.detail}</Rec>}
            </span>
          )}
        </div>
      </div>
      {result.signedHere.length === 0 ? null : (
        <div className="panel panel-body" data-unproved="">
          <Heading as="h3" size="3">
            {t('bundles.not-proved')}
          </Heading>
          <p style={{ margin: 0 }}>{t('bundles.signed-here', { names: result.signedHere.join(', ') })}</p>
        </div>
      )}
      <ul className="panel list">
        {result.checks.map(({ name, outcome, detail }) => (
          <li key={name} className="row" style={{ paddingBlock: '0.5rem' }}>
            <span className="row-text">
              <span>
                <Code>{name}</Code>
              </span>
              <span className="quiet">
                {i18n.exists(`checks.${name}`) ? t(`checks.${name}`) : null}{' '}
                {detail === '' ? null : <Rec>{detail}</Rec>}
              </span>
            </span>
            <Outcome tone={checkTone[outcome]}>{t(`bundles.outcome.${outcome}`)}</Outcome>
          </li>
        ))}
      </ul>
      {contents === null ? null : (
        <div className="panel panel-body">
          <Heading as="h3" size="3">
            {t('bundles.contents')}
          </Heading>
          <WordCards words={contents.words} hex={contents.digest} label={t('bundles.digest-words')} />
          <dl className="facts">
            <dt>{t('bundles.ceremony')}</dt>
            <dd>
              <Rec>{contents.title}</Rec>
            </dd>
            <dt>{t('bundles.organisation')}</dt>
            <dd>
              <Rec>{contents.organisation}</Rec>
            </dd>
            <dt>{t('bundles.domain')}</dt>
            <dd>{t(`states.domain.${contents.domain}`)}</dd>
            <dt>{t('bundles.plan-hash')}</dt>
            <dd>
              <Code>{contents.planHash}</Code>
            </dd>
            <dt>{t('bundles.entries')}</dt>
            <dd>{format.number(contents.entries)}</dd>
            <dt>{t('bundles.checkpoints')}</dt>
            <dd>{format.number(contents.checkpoints)}</dd>
            <dt>{t('bundles.signers')}</dt>
            <dd>
              <Signers result={result} signers={contents.signers} />
            </dd>
          </dl>
          <section className="table-wrap" aria-label={t('bundles.files')}>
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{t('bundles.file-what')}</th>
                  <th scope="col">{t('bundles.file-name')}</th>
                  <th scope="col">{t('bundles.file-size')}</th>
                </tr>
              </thead>
              <tbody>
                {contents.files.map(({ name, what, bytes }) => (
                  <tr key={name}>
                    <th scope="row">
                      <Rec>{what}</Rec>
                    </th>
                    <td>
                      <Code>{name}</Code>
                    </td>
                    <td className="tabular">
                      <Rec>{format.bytes(bytes)}</Rec>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      )}
    </div>
  )
}
