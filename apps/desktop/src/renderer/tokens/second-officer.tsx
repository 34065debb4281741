import { useTranslation } from 'react-i18next'
import { serialEndLength } from '../../contract/index.ts'
import { TextLine } from '../components/text-line.tsx'

export type Second = { name: string; serialEnd: string }
export const nobody: Second = { name: '', serialEnd: '' }

export const isSeconded = ({ name, serialEnd }: Second): boolean =>
  name.trim() !== '' && serialEnd.trim().length >= serialEndLength

export const trimmed = ({ name, serialEnd }: Second): Second => ({
  name: name.trim(),
  serialEnd: serialEnd.trim(),
})

/** A second officer takes part in what cannot be undone: they read the serial from the token itself. */
export function SecondOfficer({ value, onChange }: { value: Second; onChange(value: Second): void }) {
  const { t } = useTranslation()
  return (
    <fieldset className="second">
      <legend>{t('tokens.second')}</legend>
      <p className="quiet">{t('tokens.second-text')}</p>
      <TextLine
        label={t('tokens.second-name')}
        value={value.name}
        onChange={(name) => onChange({ ...value, name })}
      />
      <TextLine
        label={t('tokens.second-serial', { count: serialEndLength })}
        value={value.serialEnd}
        dir="ltr"
        onChange={(serialEnd) => onChange({ ...value, serialEnd })}
      />
    </fieldset>
  )
}
