import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { SlotView } from '../../contract/index.ts'
import { Icon } from '../components/icon.tsx'
import { Loaded } from '../components/loading.tsx'
import { Code, Rec } from '../components/record.tsx'
import { Screen } from '../components/screen.tsx'
import { TokenPanel } from '../components/token-panel.tsx'
import { useRemote } from '../stores/remote.ts'
import { tokens } from '../stores/remotes.ts'
import { hrefOf } from '../stores/route.ts'

/** A slot is named by its token's serial, or by its number while the token has none. */
const nameOf = ({ slot, token }: SlotView): string => (token?.serial ? token.serial : `slot-${slot}`)

export function Tokens({ serial }: { serial: string | null }) {
  const { t } = useTranslation()
  const remote = useRemote(tokens, {})
  return (
    <Screen
      name="tokens"
      title={t('tokens.title')}
      lead={t('tokens.lead')}
      actions={
        <Button
          variant="surface"
          color="gray"
          highContrast
          loading={remote.loading}
          onClick={() => void tokens.again()}
        >
          {t('tokens.look-again')}
        </Button>
      }
    >
      <Loaded remote={remote} store={tokens}>
        {({ library, slots }) => {
          const present = slots.filter(({ token }) => token !== null)
          const chosen = present.find((slot) => nameOf(slot) === serial) ?? present[0]
          if (library === null || chosen?.token === undefined || chosen.token === null) {
            return <NoToken library={library !== null} />
          }
          return (
            <div className="two">
              <SlotTree slots={slots} chosen={nameOf(chosen)} library={library.description} />
              <TokenPanel key={nameOf(chosen)} slot={chosen.slot} token={chosen.token} />
            </div>
          )
        }}
      </Loaded>
    </Screen>
  )
}

function NoToken({ library }: { library: boolean }) {
  const { t } = useTranslation()
  return (
    <div className="panel panel-body">
      <strong>{library ? t('tokens.none') : t('tokens.no-library')}</strong>
      <p className="quiet" style={{ margin: 0 }}>
        {library ? t('tokens.none-do') : t('tokens.no-library-do')}
      </p>
    </div>
  )
}

function SlotTree({ slots, chosen, library }: { slots: SlotView[]; chosen: string; library: string }) {
  const { t } = useTranslation()
  return (
    <nav className="panel" aria-label={t('tokens.slots')}>
      <div className="row quiet">
        <Rec>{library}</Rec>
      </div>
      <ul className="list">
        {slots.map((slot) => (
          <li key={slot.slot} style={{ borderBlockStart: '1px solid var(--gray-4)' }}>
            <div className="row" style={{ paddingBlock: '0.625rem', flexWrap: 'nowrap' }}>
              <span className="row-text">
                <span className="quiet">
                  {t('tokens.slot')} <Code>{slot.slot}</Code>
                </span>
                {slot.token === null ? (
                  <span className="quiet">{t('tokens.empty-slot')}</span>
                ) : (
                  <a
                    className="slot-link"
                    href={hrefOf('tokens', nameOf(slot))}
                    {...(nameOf(slot) === chosen ? { 'aria-current': 'true' } : {})}
                  >
                    {slot.token.initialised ? <Rec>{slot.token.label}</Rec> : t('tokens.uninitialised')}
                  </a>
                )}
                {slot.token?.serial ? (
                  <span className="quiet">
                    <Code>{slot.token.serial}</Code>
                  </span>
                ) : null}
              </span>
              {nameOf(slot) === chosen && slot.token ? <Icon name="current" size={14} /> : null}
            </div>
          </li>
        ))}
      </ul>
    </nav>
  )
}
