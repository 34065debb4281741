import { sortLines } from '@lux/people'
import { EmptyState, isolated, Lines, Rec, useActParts } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { AnswerGiven } from '../components/answer-given.tsx'
import { ComparedWords } from '../components/compared-words.tsx'
import { Page } from '../components/page.tsx'
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
  const name = usePhone(({ overview }) => overview?.person.name ?? '')
  const { what, facts, under, digest, words, maySign } = asked
  const { decide } = sortLines(facts)
  const title = t(`act.asks.${what}`)
  const compared = <ComparedWords label={t('phone.request.words')} words={words} hex={digest} />
  const parts: Part[] = [
    ...useActParts(asked, compared, <Under under={under} />),
    {
      name: 'decide',
      title,
      body: (
        <>
          <p>
            <strong>{t('phone.sign.final')}</strong>
          </p>
          {decide.length === 0 ? null : <Lines kind="proved" title={t('act.bytes')} lines={decide} />}
          {asked.listed === false ? <p className="quiet">{t('phone.request.not-listed')}</p> : null}
          <p>{t('phone.sign.if-not')}</p>
        </>
      ),
    },
  ]
  return (
    <Signing
      of="sign"
      digest={digest}
      parts={parts}
      hold={t('phone.sign.hold', { what: t(`act.yes.${what}`, { name: isolated(name) }) })}
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

/** The policy behind it, as far as this phone knows it. */
function Under({ under }: Pick<Asked, 'under'>) {
  const { t } = useTranslation()
  if (under === null) return null
  if (under === 'none') return <p className="bad">{t('phone.sign.policy-none')}</p>
  return (
    <>
      <p>
        <Rec>{t('phone.sign.policy', { ...under })}</Rec>
      </p>
      {under.newest === null ? null : (
        <p className="bad">{t('phone.sign.policy-newer', { newest: under.newest })}</p>
      )}
    </>
  )
}
