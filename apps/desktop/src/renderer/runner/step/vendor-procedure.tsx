import { useTranslation } from 'react-i18next'
import type { CurrentStep } from '../../../contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'

/** What people type into the vendor's own tool, in order, before they say here that it was done. */
export function VendorProcedure({ steps }: { steps: CurrentStep['procedure'] }) {
  const { t, i18n } = useTranslation()
  if (steps.length === 0) return null
  const wordsOf = ({ id, words }: CurrentStep['procedure'][number]): string =>
    i18n.exists(`vendor.${id}`) ? t(`vendor.${id}`) : words
  return (
    <div className="stage-card">
      <p>{t('vendor.lead')}</p>
      <ol className="procedure">
        {steps.map((step) => (
          <li key={step.id}>
            <span>{wordsOf(step)}</span>
            {step.command === null ? null : <CommandLine text={step.command} />}
          </li>
        ))}
      </ol>
      <p className="quiet">{t('vendor.then')}</p>
    </div>
  )
}
