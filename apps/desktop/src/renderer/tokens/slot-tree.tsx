import { Code, FailureNotice, Icon, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { LibraryView, ObjectView, SlotView, TokenView } from '../../contract/index.ts'
import { inventory } from '../stores/remotes.ts'
import { hrefOf } from '../stores/route.ts'

/** A slot is named by its token's serial, or by its number while the token has none. */
export const nameOfSlot = ({ slot, token }: SlotView): string =>
  token?.serial ? token.serial : `slot-${slot}`

/** The id of an object's row on the screen. */
export const rowOf = (index: number): string => `object-${index}`

/** Slots, the token in each, and the objects of the token that is shown. */
export function SlotTree({
  slots,
  chosen,
  library,
}: {
  slots: SlotView[]
  chosen: string
  library: LibraryView
}) {
  const { t } = useTranslation()
  return (
    <nav className="panel tree" aria-label={t('tokens.slots')}>
      <div className="row quiet">
        <div className="library">
          <Rec>{library.description}</Rec>
          <Code>{library.path}</Code>
          <span>
            {t('tokens.library-digest')} <Code>{library.sha256}</Code>
          </span>
        </div>
      </div>
      <ul className="list ruled">
        {slots.map((slot) => (
          <li key={slot.slot} className="tree-slot">
            <span className="quiet">
              {t('tokens.slot')} <Code>{slot.slot}</Code>
            </span>
            {slot.failure !== null ? (
              <FailureNotice failure={slot.failure} />
            ) : slot.token === null ? (
              <span className="quiet">{t('tokens.empty-slot')}</span>
            ) : (
              <Branch token={slot.token} name={nameOfSlot(slot)} here={nameOfSlot(slot) === chosen} />
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Branch({ token, name, here }: { token: TokenView; name: string; here: boolean }) {
  const { t } = useTranslation()
  const objects = inventory(({ key, value }) => (key?.includes(token.serial) ? value?.objects : undefined))
  return (
    <ul className="list tree-branch">
      <li>
        <a className="slot-link" href={hrefOf('tokens', name)} {...(here ? { 'aria-current': 'true' } : {})}>
          {token.initialised ? <Rec>{token.label}</Rec> : t('tokens.uninitialised')}
        </a>
        {here ? <Icon name="current" size={12} /> : null}
        {token.serial === '' ? null : (
          <div className="quiet">
            <Code>{token.serial}</Code>
          </div>
        )}
        {here && objects !== undefined && objects.length > 0 ? <Leaves objects={objects} /> : null}
      </li>
    </ul>
  )
}

function Leaves({ objects }: { objects: readonly ObjectView[] }) {
  const { t } = useTranslation()
  return (
    <ul className="list tree-branch" aria-label={t('tokens.objects')}>
      {objects.map((object, index) => (
        <li key={`${object.class} ${object.id} ${object.label}`}>
          <button type="button" className="tree-leaf" onClick={() => showRow(index)}>
            <Rec>{object.label === '' ? object.id : object.label}</Rec>
            <span className="quiet">{t(`tokens.class.${object.class}`)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** The row takes the focus, so that whoever cannot see it scroll is there too. */
function showRow(index: number): void {
  const row = document.getElementById(rowOf(index))
  row?.scrollIntoView({ block: 'center' })
  row?.focus({ preventScroll: true })
}
