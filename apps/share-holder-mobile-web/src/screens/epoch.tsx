import type { PayloadType } from '@lux/crypto/transport'
import { ownChanges } from '@lux/people'
import { EmptyState, Icon, SaidLines, useActParts } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { ComparedWords } from '../components/compared-words.tsx'
import { GiveOut } from '../components/give-out.tsx'
import { MustBackUp } from '../components/must-back-up.tsx'
import { Page } from '../components/page.tsx'
import { type Part, Signing } from '../components/signing.tsx'
import { TakeIn } from '../components/take-in.tsx'
import type { EpochAct, EpochAsked } from '../device/api.ts'
import { go, readEpoch, takeEpoch, usePhone } from '../stores/phone.ts'

/** Shown like an answer's files. An announcement leaves none. */
const given: Readonly<Record<EpochAct, PayloadType | null>> = {
  approve: 'epoch-approval',
  redeal: 'redeal-package',
  receive: 'acknowledgement',
  heartbeat: 'heartbeat',
  live: null,
  keep: null,
}

/** What a run that moves a key asks of its present and its next holders. */
export function Epoch() {
  const { t } = useTranslation()
  const asked = usePhone((phone) => phone.epoch)
  const out = usePhone((phone) => phone.out)
  if (out?.what === 'renewed') return <Renewed />
  if (out?.what === 'epoch') return <Done />
  if (asked !== null) return <Read asked={asked} />
  return (
    <Page
      title={t('phone.epoch.title')}
      back
      actions={
        <TakeIn
          type={['epoch-package', 'epoch-live', 'heartbeat-request']}
          what={t('phone.carry.epoch')}
          label={t('phone.epoch.choose')}
          several
          onFiles={readEpoch}
        />
      }
    >
      <EmptyState icon="key" title={t('phone.epoch.empty')} what={t('phone.epoch.what')} />
    </Page>
  )
}

function Read({ asked }: { asked: EpochAsked }) {
  const { t } = useTranslation()
  const { act, described, digest, mayDo } = asked
  const title = t(`phone.epoch.act.${act}`)
  const compared = <ComparedWords label={t('phone.request.words')} words={asked.words} hex={digest} />
  const nothing = { facts: [], fresh: [], claims: [], text: [] }
  const parts: Part[] = [
    ...useActParts({ what: act, title, act: described, digest, ...nothing }, compared),
    {
      name: 'decide',
      title,
      body: (
        <section className="card">
          <SaidLines lines={ownChanges(described)} />
        </section>
      ),
    },
  ]
  return (
    <Signing
      of="epoch"
      digest={asked.digest}
      parts={parts}
      hold={t('phone.epoch.hold')}
      blocked={!mayDo}
      onYes={() => void takeEpoch()}
      instead={
        <button type="button" className="press" onClick={() => go('inbox')}>
          {t('phone.epoch.not')}
        </button>
      }
    />
  )
}

function Done() {
  const { t } = useTranslation()
  const out = usePhone((phone) => phone.out)
  if (out?.what !== 'epoch' || out.act === undefined) return null
  const type = given[out.act]
  const waits = type !== null && out.files.length === 0
  return (
    <Page
      title={t(`phone.epoch.act.${out.act}`)}
      back
      actions={
        waits ? (
          <MustBackUp />
        ) : (
          <>
            {type === null ? null : <GiveOut type={type} files={out.files} what={t('phone.carry.answer')} />}
            <button type="button" className="press" onClick={() => go('inbox')}>
              {t('phone.done')}
            </button>
          </>
        )
      }
    >
      <section className="card proved" role="status">
        <h2>
          <Icon name="check" size={20} />
          {t('phone.answered.counted')}
        </h2>
        {waits ? null : <p>{t(`phone.epoch.done.${out.act}`)}</p>}
      </section>
    </Page>
  )
}

/** The card for the next epoch. Its words are compared as those of the first card were. */
function Renewed() {
  const { t } = useTranslation()
  const out = usePhone((phone) => phone.out)
  if (out?.card === undefined) return null
  return (
    <Page
      title={t('phone.renew.title')}
      back
      actions={
        <>
          <GiveOut type="card-renewal" files={out.files} what={t('phone.carry.renewal')} />
          <button type="button" className="press" onClick={() => go('inbox')}>
            {t('phone.done')}
          </button>
        </>
      }
    >
      <p>{t('phone.renew.what')}</p>
      <ComparedWords label={t('phone.card.words')} words={out.card.words} hex={out.card.digest} />
    </Page>
  )
}
