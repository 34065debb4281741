import { Code, Icon, PersonChip, Rec, VerdictGroups, WordCards } from '@lux/ui'
import { Heading } from '@radix-ui/themes'
import type { i18n as I18n, TFunction } from 'i18next'
import { Fragment, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { VerifyView } from '../../contract/index.ts'
import { Outcome, type Tone } from '../components/outcome.tsx'
import { useFormats } from '../i18n/format.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { PrintPaper } from '../paper/print-paper.tsx'
import { verdictPaper } from '../paper/verdict-paper.ts'
import { groupOf, groupsOf } from './check-groups.ts'

const verdictTone = { accepted: 'good', consistent: 'warn', refused: 'bad' } as const
const verdictIcon = { accepted: 'check', consistent: 'alert', refused: 'cross' } as const
const checkTone: Record<VerifyView['checks'][number]['outcome'], Tone> = {
  passed: 'good',
  failed: 'bad',
  'not-run': 'none',
}

/** A sentence, six groups of checks, who signed, and what is not proved; identifiers and files are under details. */
export function VerifyResult({ result }: { result: VerifyView }) {
  const { t, i18n } = useTranslation()
  const { verdict, contents, rule } = result
  const damaged = rule === null ? null : groupOf(rule)
  const shown = useRef<HTMLDivElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: each result once, as it comes
  useEffect(() => {
    shown.current?.scrollIntoView({ block: 'start' })
  }, [result])

  return (
    <div className="section" role="status" data-verdict={verdict} ref={shown}>
      <div className="panel verdict-head" data-tone={verdictTone[verdict]}>
        <span className="verdict-seal" aria-hidden="true">
          <Icon name={verdictIcon[verdict]} size={26} />
        </span>
        <div className="row-text">
          <Heading as="h3" size="6">
            {t(`bundles.verdict.${verdict}.title`)}
          </Heading>
          <span>
            {verdict === 'refused' && damaged !== null
              ? t(`bundles.damage.${damaged}.what`)
              : t(`bundles.verdict.${verdict}.text`)}
          </span>
          {verdict === 'refused' && damaged !== null ? (
            <span>
              <strong>{t('bundles.what-to-do')}</strong> {t(`bundles.damage.${damaged}.do`)}
            </span>
          ) : null}
          <span>
            {contents === null ? null : (
              <>
                <Rec>{contents.title}</Rec>
                {' · '}
              </>
            )}
            <Code>{result.path}</Code>
          </span>
          <JudgedBy policy={result.policy} />
          {contents === null ? null : (
            <span className="quiet">
              <Rec>{contents.organisation}</Rec>
              {contents.organisation === '' ? null : ' · '}
              {t('bundles.recorded', { count: contents.entries })}
            </span>
          )}
        </div>
        <PrintPaper
          label={t('bundles.print')}
          name="verdict"
          paper={async () => ({
            ok: true,
            value: verdictPaper(t, checkText(t, i18n), paperLanguage(i18n.language), result),
          })}
        />
      </div>
      {result.taken === null ? null : <Taken files={result.taken} />}
      <div className="verdict-columns">
        <Checks result={result} />
        <div className="verdict-side">
          <Signers result={result} />
          <NotProved result={result} />
        </div>
      </div>
      {contents === null ? null : <Contents contents={contents} policy={result.policy} />}
    </div>
  )
}

/** By which law it is a verdict. */
function JudgedBy({ policy }: Pick<VerifyView, 'policy'>) {
  const { t } = useTranslation()
  if (policy === null) return <span>{t('bundles.judged-by-none')}</span>
  return (
    <span>
      {t('bundles.judged-by')} <Rec>{policy.organisation}</Rec> <Code>{policy.digest.slice(0, 16)}</Code>
      {policy.domain === 'rehearsal' ? (
        <>
          <br />
          <Outcome tone="warn">{t('bundles.policy-rehearsal')}</Outcome>
        </>
      ) : null}
      {policy.ended === null ? null : (
        <>
          <br />
          <Outcome tone="warn">{t('bundles.policy-ended', { at: policy.ended.slice(0, 10) })}</Outcome>
        </>
      )}
    </span>
  )
}

/** The folder around the bundle: checksums find damage; that nobody changed a file on purpose only signatures show. */
function Taken({ files }: { files: NonNullable<VerifyView['taken']> }) {
  const { t } = useTranslation()
  const same = files.every(({ state }) => state === 'same')
  return (
    <section className="panel panel-body" data-taken={same ? 'same' : 'differs'}>
      <Heading as="h3" size="4">
        {t(same ? 'bundles.taken.same' : 'bundles.taken.differs')}
      </Heading>
      <p className="quiet" style={{ margin: 0 }}>
        {t(same ? 'bundles.taken.same-why' : 'bundles.taken.differs-do')}
      </p>
      <ul className="people-list">
        {files.map(({ name, state }) => (
          <li key={name}>
            <Code>{name}</Code>{' '}
            <Outcome tone={state === 'same' ? 'good' : 'bad'}>{t(`bundles.taken.file.${state}`)}</Outcome>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What a check claims, in the reader's language; its id where it has no text. */
export function checkText(t: TFunction, i18n: I18n): (name: string) => string {
  return (name) => (i18n.exists(`checks.${name}`) ? t(`checks.${name}`) : name)
}

function Checks({ result }: { result: VerifyView }) {
  const { t, i18n } = useTranslation()
  const said = checkText(t, i18n)
  const passed = result.checks.filter(({ outcome }) => outcome === 'passed').length
  const groups = groupsOf(result).map(({ group, state, answer, checks }) => ({
    id: group,
    state,
    title: t(`bundles.group.${answer}`),
    note: t(`bundles.group.${group}.what`),
    passed: checks.filter(({ outcome }) => outcome === 'passed').length,
    total: checks.length,
    checks: (
      <ul className="list">
        {checks.map(({ name, outcome, detail }) => (
          <li key={name} className="row" style={{ paddingBlock: '0.5rem' }}>
            <span className="row-text">
              <span>{said(name)}</span>
              <span className="quiet">
                <Code>{name}</Code> {detail === '' ? null : <Rec>{detail}</Rec>}
              </span>
            </span>
            <Outcome tone={checkTone[outcome]}>{t(`bundles.outcome.${outcome}`)}</Outcome>
          </li>
        ))}
      </ul>
    ),
  }))
  const all = result.checks.length
  return (
    <div className="panel">
      <Heading as="h3" size="4" className="verdict-title">
        {passed === all ? t('bundles.all-passed', { count: all }) : t('bundles.some-passed', { passed, all })}
      </Heading>
      <VerdictGroups groups={groups} label={t('bundles.checks')} />
    </div>
  )
}

/** Those alone whose signatures were verified under the policy that was given; of the others, who did not sign. */
export function Signers({ result }: { result: VerifyView }) {
  const { t } = useTranslation()
  const signers = result.contents?.signers ?? null
  return (
    <section className="panel panel-body">
      <Heading as="h3" size="4">
        {t('bundles.signers')}
      </Heading>
      {signers === null ? (
        <p style={{ margin: 0 }}>
          {result.checks.find(({ name }) => name === 'MANIFEST-SIGNATURES')?.outcome === 'failed'
            ? t('bundles.signers-refused')
            : t('bundles.signers-unchecked')}
        </p>
      ) : (
        <ul className="people-list">
          {signers.signed.map((name) => (
            <li key={name}>
              <PersonChip name={name} note={t('bundles.signer')} presence="done" />
            </li>
          ))}
          {signers.missing.map((name) => (
            <li key={name}>
              <PersonChip name={name} note={t('bundles.signer-missing')} presence="unsigned" />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function NotProved({ result }: { result: VerifyView }) {
  const { t } = useTranslation()
  const names = result.signedHere.join(', ')
  return (
    <section className="panel panel-body not-proved" data-unproved="">
      <Heading as="h3" size="4">
        <Icon name="alert" /> {t('bundles.not-proved')}
      </Heading>
      <p className="quiet" style={{ margin: 0 }}>
        {t('bundles.not-proved-why')}
      </p>
      <ul>
        {result.unproved.map((what) => (
          <li key={what}>{t(`bundles.unproved.${what}`, { names })}</li>
        ))}
      </ul>
      {result.notes.length === 0 ? null : <Notes notes={result.notes} />}
    </section>
  )
}

/** What stands in the bundle besides, and what its version has no place for. */
function Notes({ notes }: Pick<VerifyView, 'notes'>) {
  const { t } = useTranslation()
  return (
    <details className="details">
      <summary>{t('bundles.notes')}</summary>
      <dl className="facts">
        {notes.map(({ id, state, values }) => (
          <Fragment key={id}>
            <dt>{t(`bundles.note.${id}`)}</dt>
            <dd>{t(`bundles.note-state.${state}`, { values: values.join(', ') })}</dd>
          </Fragment>
        ))}
      </dl>
    </details>
  )
}

function Contents({
  contents,
  policy,
}: {
  contents: NonNullable<VerifyView['contents']>
  policy: VerifyView['policy']
}) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <details className="panel details verdict-details">
      <summary>{t('bundles.contents')}</summary>
      <div className="panel-body">
        <WordCards words={contents.words} hex={contents.digest} label={t('bundles.digest-words')} />
        {policy === null ? null : (
          <WordCards words={policy.words} hex={policy.digest} label={t('bundles.policy-words')} />
        )}
        <dl className="facts">
          <dt>{t('bundles.ceremony-id')}</dt>
          <dd>
            <Code>{contents.ceremony}</Code>
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
    </details>
  )
}
