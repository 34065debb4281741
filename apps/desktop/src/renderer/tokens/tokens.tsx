import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import { Loaded } from '../components/loading.tsx'
import { Screen } from '../components/screen.tsx'
import { useRemote } from '../stores/remote.ts'
import { tokens } from '../stores/remotes.ts'
import { LibrarySection } from './library-section.tsx'
import { nameOfSlot, SlotTree } from './slot-tree.tsx'
import { TokenPanel } from './token-panel.tsx'

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
          const chosen = present.find((slot) => nameOfSlot(slot) === serial) ?? present[0]
          if (library !== null && chosen === undefined && slots.some(({ failure }) => failure !== null))
            return <SlotTree slots={slots} chosen="" library={library} />
          if (library === null || chosen?.token === undefined || chosen.token === null) {
            return <NoToken library={library !== null} />
          }
          return (
            <div className="two">
              <SlotTree slots={slots} chosen={nameOfSlot(chosen)} library={library} />
              <TokenPanel key={nameOfSlot(chosen)} slot={chosen.slot} token={chosen.token} />
            </div>
          )
        }}
      </Loaded>
      <LibrarySection />
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
