import { Code, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { TokenView } from '../../contract/index.ts'
import { PinLine } from '../components/pin-line.tsx'

/** What the token says of itself, what is known of its model, and how its PINs stand. */
export function TokenFacts({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const { userTries, showsState } = token.pinRules
  return (
    <dl className="facts">
      <dt>{t('tokens.serial')}</dt>
      <dd>{token.serial === '' ? t('tokens.no-serial') : <Code>{token.serial}</Code>}</dd>
      <dt>{t('tokens.maker')}</dt>
      <dd>
        <Rec>
          {token.manufacturer} · {token.model} · {token.firmware}
        </Rec>
      </dd>
      <dt>{t('tokens.profile')}</dt>
      <dd>
        <Rec>{token.profileName}</Rec> <Code>{token.profile}</Code>
      </dd>
      <dt>{t('tokens.verified-on')}</dt>
      <dd>{token.verifiedOn === null ? t('tokens.not-on-hardware-text') : <Rec>{token.verifiedOn}</Rec>}</dd>
      {token.soft ? (
        <>
          <dt>{t('tokens.soft')}</dt>
          <dd>{t('tokens.soft-text')}</dd>
        </>
      ) : null}
      <dt>{t('tokens.replication')}</dt>
      <dd>{t(`tokens.replicates.${token.replication}`)}</dd>
      <dt>{t('tokens.user-pin')}</dt>
      <dd>
        <PinLine pin={token.userPin} />
        {userTries === null ? null : (
          <div className="quiet">{t('tokens.pin-locks', { count: userTries })}</div>
        )}
        {showsState ? null : <div className="quiet">{t('tokens.pin-silent')}</div>}
      </dd>
      <dt>{t('tokens.so-pin')}</dt>
      <dd>
        <PinLine pin={token.soPin} />
      </dd>
    </dl>
  )
}
