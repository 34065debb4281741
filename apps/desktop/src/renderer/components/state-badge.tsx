import { Badge } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { Domain, RunState } from '../../contract/index.ts'

const colors: Record<RunState, 'gray' | 'indigo' | 'amber' | 'red' | 'green'> = {
  created: 'gray',
  opened: 'indigo',
  running: 'indigo',
  paused: 'amber',
  exception: 'red',
  reconciling: 'amber',
  sealing: 'indigo',
  sealed: 'indigo',
  exported: 'indigo',
  receipted: 'green',
  closed: 'green',
  aborted: 'red',
  revoked: 'red',
}

export function RunStateBadge({ state }: { state: RunState }) {
  const { t } = useTranslation()
  return (
    <Badge color={colors[state]} variant="soft" highContrast>
      {t(`states.run.${state}`)}
    </Badge>
  )
}

export function DomainBadge({ domain }: { domain: Domain }) {
  const { t } = useTranslation()
  return (
    <Badge color={domain === 'rehearsal' ? 'amber' : 'gray'} variant="outline" highContrast>
      {t(`states.domain.${domain}`)}
    </Badge>
  )
}
