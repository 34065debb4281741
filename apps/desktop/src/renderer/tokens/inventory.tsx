import { Code, Rec } from '@lux/ui'
import { Badge } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { ObjectView } from '../../contract/index.ts'
import { Loaded } from '../components/loading.tsx'
import { useRemote } from '../stores/remote.ts'
import { inventory } from '../stores/remotes.ts'
import { DestroyDialog } from './destroy-dialog.tsx'
import { rowOf } from './slot-tree.tsx'

export function Inventory({ serial, session }: { serial: string; session: 'none' | 'user' | 'so' }) {
  const { t } = useTranslation()
  const remote = useRemote(inventory, { serial })
  return (
    <Loaded remote={remote} store={inventory}>
      {({ objects, private: all }) => (
        <>
          {all || session === 'user' ? null : <p className="quiet">{t('tokens.public-only')}</p>}
          {objects.length === 0 ? (
            <p className="quiet">{t('tokens.no-objects')}</p>
          ) : (
            <section className="table-wrap" aria-label={t('tokens.objects')}>
              <table className="table">
                <thead>
                  <tr>
                    {(['label', 'kind', 'flags', 'ceremony'] as const).map((column) => (
                      <th key={column} scope="col">
                        {t(`tokens.object.${column}`)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {objects.map((object, index) => (
                    <ObjectRow
                      key={`${object.class} ${object.id} ${object.label}`}
                      object={object}
                      row={rowOf(index)}
                      destroys={all ? serial : null}
                    />
                  ))}
                </tbody>
              </table>
            </section>
          )}
        </>
      )}
    </Loaded>
  )
}

function ObjectRow({ object, row, destroys }: { object: ObjectView; row: string; destroys: string | null }) {
  const { t } = useTranslation()
  const set = Object.entries(object.flags).filter(([, value]) => value === true)
  return (
    <tr id={row} tabIndex={-1}>
      <th scope="row">
        <Rec>{object.label}</Rec>
        <div className="quiet">
          <Code>{object.id}</Code>
        </div>
      </th>
      <td>
        {t(`tokens.class.${object.class}`)}
        <div className="quiet">
          <Code>{object.type}</Code>
        </div>
      </td>
      <td>
        <span className="actions" style={{ gap: '0.25rem' }}>
          {set.map(([name]) => (
            <Badge key={name} color={name === 'extractable' ? 'red' : 'gray'} highContrast>
              <Code>{name}</Code>
            </Badge>
          ))}
        </span>
        {object.unreadable.length === 0 ? null : (
          <div className="quiet" data-unreadable="">
            {t('tokens.object.unreadable')}{' '}
            {object.unreadable.map(({ attribute, reason }) => (
              <Code key={attribute}>{`${attribute} (${reason}) `}</Code>
            ))}
          </div>
        )}
      </td>
      <td>
        {object.ceremony === null ? (
          <strong>{t('tokens.object.nobody')}</strong>
        ) : (
          <Rec>{object.ceremony}</Rec>
        )}
        {destroys === null ? null : (
          <div>
            <DestroyDialog serial={destroys} object={object} />
          </div>
        )}
      </td>
    </tr>
  )
}
