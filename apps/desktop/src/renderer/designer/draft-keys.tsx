import { Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { DraftEdit, DraftView } from '../../contract/index.ts'
import { DraftFields } from './draft-fields.tsx'

type Props = { draft: DraftView; edit: (change: DraftEdit) => Promise<boolean> }

/** The keys that the script makes. */
export function Keys({ draft, edit }: Props) {
  const { t } = useTranslation()
  return (
    <details className="details">
      <summary>{t('designer.keys', { count: draft.keys.length })}</summary>
      <ul className="list">
        {draft.keys.map((key) => (
          <li key={key.id} className="designer-form">
            <strong>
              <Rec>{key.name}</Rec>
            </strong>
            <DraftFields
              fields={key.fields}
              onChange={(entry, value) => void edit({ do: 'change-key', id: key.id, entry, value })}
            />
            <div>
              <Button
                type="button"
                variant="ghost"
                color="gray"
                highContrast
                aria-label={t('designer.remove-for', { name: key.name })}
                onClick={() => void edit({ do: 'remove-key', id: key.id })}
              >
                {t('designer.remove')}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <Button
        type="button"
        variant="surface"
        color="gray"
        highContrast
        onClick={() => void edit({ do: 'add-key' })}
      >
        {t('designer.add-key')}
      </Button>
    </details>
  )
}
