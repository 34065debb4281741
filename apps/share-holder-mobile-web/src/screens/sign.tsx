import { partsToRead, sortLines } from '@lux/people'
import { EmptyState, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { AnswerGiven } from '../components/answer-given.tsx'
import { ComparedWords } from '../components/compared-words.tsx'
import { Lines } from '../components/lines.tsx'
import { Page } from '../components/page.tsx'
import { SaidLines } from '../components/said.tsx'
import { type Part, Signing } from '../components/signing.tsx'
import { TakeIn } from '../components/take-in.tsx'
import type { Asked } from '../device/api.ts'
import { readSigning, sign, signNot, usePhone } from '../stores/phone.ts'

/** What an officer, a witness or an approver signs. The screen shows what the bytes say, then the words, then the button. */
export function Sign() {
  const { t } = useTranslation()
  const asked = usePhone((phone) => phone.asked)
  const out = usePhone((phone) => phone.out)
  if (out?.what === 'signed')
    return <AnswerGiven title={t('phone.log.signed')} type="signature" what={t('phone.carry.signature')} />
  if (asked !== null) return <Read asked={asked} />
  return (
    <Page
      title={t('phone.sign.title')}
      back
      actions={
        <TakeIn
          type="signature-request"
          what={t('phone.carry.signature-request')}
          label={t('phone.sign.choose')}
          several={false}
          onFiles={readSigning}
        />
      }
    >
      <EmptyState icon="bundles" title={t('phone.sign.empty')} what={t('phone.sign.what')} />
    </Page>
  )
}

function Read({ asked }: { asked: Asked }) {
  const { t } = useTranslation()
  const { facts, policy, plan, fresh, claims, maySign } = asked
  const { proved, claimed, decide, prints } = sortLines(facts)
  const title = t(`phone.sign.asks.${asked.what}`)
  const parts = partsToRead<'sign', Part>('sign', {
    asks: {
      title,
      body: (
        <>
          {asked.under === null ? null : (
            <p className={asked.under === 'none' ? 'bad' : undefined}>
              <Rec>
                {asked.under === 'none'
                  ? t('phone.sign.policy-none')
                  : t('phone.sign.policy', { ...asked.under })}
              </Rec>
            </p>
          )}
          {typeof asked.under === 'string' || typeof asked.under?.newest !== 'number' ? null : (
            <p className="bad">{t('phone.sign.policy-newer', { newest: asked.under.newest })}</p>
          )}
          <Lines kind="proved" title={t('phone.sign.bytes')} lines={[...proved, ...prints]} />
          {claimed.length === 0 ? null : (
            <Lines
              kind="claimed"
              title={t(asked.what === 'exception' ? 'phone.sign.written' : 'phone.sign.claimed')}
              lines={claimed}
            />
          )}
        </>
      ),
    },
    policy:
      policy.length === 0
        ? null
        : {
            title: t('phone.policy.lines'),
            body: (
              <section className="card">
                <SaidLines lines={policy} />
              </section>
            ),
          },
    plan:
      plan.length === 0
        ? null
        : {
            title: t('phone.sign.plan'),
            body: (
              <section className="card">
                <pre className="document" lang="en">
                  {plan.join('\n')}
                </pre>
              </section>
            ),
          },
    fresh:
      fresh.length === 0
        ? null
        : { title: t('phone.sign.fresh', { count: fresh.length }), body: <Fresh entries={fresh} /> },
    claims:
      claims.length === 0
        ? null
        : {
            title: t('phone.sign.claims'),
            body: (
              <section className="card claimed">
                <ul className="plain lines" lang="en">
                  {claims.map((line, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
                    <li key={`${at} ${line}`}>
                      <Rec>{line}</Rec>
                    </li>
                  ))}
                </ul>
              </section>
            ),
          },
    words: {
      title: t('phone.sign.words'),
      body: <ComparedWords label={t('phone.request.words')} words={asked.words} hex={asked.digest} />,
    },
    decide: {
      title,
      body: (
        <>
          <p>
            <strong>{t('phone.sign.final')}</strong>
          </p>
          {decide.length === 0 ? null : <Lines kind="proved" title={t('phone.sign.bytes')} lines={decide} />}
          {asked.listed === false ? <p className="quiet">{t('phone.request.not-listed')}</p> : null}
          <p>{t('phone.sign.if-not')}</p>
        </>
      ),
    },
  })
  return (
    <Signing
      of="sign"
      digest={asked.digest}
      parts={parts}
      hold={t('phone.sign.hold', { what: title })}
      blocked={!maySign}
      onYes={() => void sign()}
      instead={
        <button type="button" className="press" onClick={() => void signNot()}>
          {t('phone.sign.not')}
        </button>
      }
    />
  )
}

/** One line for each entry, which opens to its whole text. */
function Fresh({ entries }: { entries: Asked['fresh'] }) {
  return (
    <section className="card">
      <ol className="plain lines" lang="en">
        {entries.map(([head = '', ...lines]) => (
          <li key={head}>
            <details>
              <summary>
                <Rec>{head.trim()}</Rec>
              </summary>
              <pre className="document">{lines.join('\n')}</pre>
            </details>
          </li>
        ))}
      </ol>
    </section>
  )
}
