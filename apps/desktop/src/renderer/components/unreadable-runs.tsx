import { FailureNotice } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { UnreadableRun } from '../../contract/index.ts'
import { Section } from './screen.tsx'

type Props = { runs: readonly UnreadableRun[]; again(): Promise<unknown> }

/** Ceremonies of this store that cannot be opened, each with why; nothing where all can. */
export function UnreadableRuns({ runs, again }: Props) {
  const { t } = useTranslation()
  if (runs.length === 0) return null
  return (
    <Section title={t('ceremonies.unreadable', { count: runs.length })}>
      {runs.map(({ id, failure }) => (
        <FailureNotice key={id} failure={failure} onRetry={() => void again()} />
      ))}
    </Section>
  )
}
