import { Rec, WordCards } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Outcome } from '../components/outcome.tsx'
import type { Act } from './act.ts'
import { CarryRequest } from './carry-request.tsx'
import { OwnDevices } from './own-devices.tsx'

type Props = { view: RunView; need: Extract<Need, { need: 'sign' }>; act: Act }

/** Who has signed and who has not. A stand-in signs here in a rehearsal; people sign on their own device. */
export function NeedSign({ view, need, act }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState<string | null>(null)
  const signed = need.signers.filter((signer) => signer.signed).length
  const left = Math.max(0, need.required - signed)

  async function sign(name: string): Promise<void> {
    setBusy(name)
    await act(call('ceremonies.signAsStandIn', { id: view.id, what: need.what, name }))
    setBusy(null)
  }

  return (
    <div className="step-need">
      <strong>{t(`runner.sign.${need.what}`)}</strong>
      {view.domain === 'production' ? <CarryRequest view={view} need={need} act={act} /> : null}
      <WordCards
        words={need.words}
        hex={need.digest}
        label={t(need.what === 'bundle' ? 'bundles.digest-words' : 'runner.sign-words')}
      />
      <ul className="list signers">
        {need.signers.map(({ name, role, signed: has, standIn }) => (
          <li key={`${role} ${name}`} className="row" style={{ paddingInline: 0 }}>
            <span className="row-text">
              <Rec>{name}</Rec>
              <span className="quiet">
                {t(`roles.${role}`)}{' '}
                {standIn
                  ? `· ${t('runner.stand-in')}`
                  : need.ownDevices.includes(name)
                    ? `· ${t('runner.own.device')}`
                    : null}
              </span>
            </span>
            {has ? (
              <Outcome tone="good">{t('runner.signed')}</Outcome>
            ) : standIn && left > 0 ? (
              <Button
                variant="surface"
                loading={busy === name}
                aria-label={t('runner.sign-as-for', { name })}
                onClick={() => void sign(name)}
              >
                {t('runner.sign-as')}
              </Button>
            ) : (
              <Outcome tone="none">{t(left > 0 ? 'runner.not-signed' : 'runner.not-needed')}</Outcome>
            )}
          </li>
        ))}
      </ul>
      <span className="quiet" role="status">
        {t('runner.signatures', { signed, required: need.required })}
        {left > 0 ? ` · ${t('runner.more-needed', { count: left })}` : null}
      </span>
      {need.ownDevices.length > 0 && left > 0 ? <OwnDevices view={view} need={need} act={act} /> : null}
    </div>
  )
}
