import { QuorumRing, Rec } from '@lux/ui'
import { Link } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { ApprovalView } from '../../contract/index.ts'
import { Section } from '../components/screen.tsx'
import { useFormats } from '../i18n/format.ts'
import { hrefOf } from '../stores/route.ts'
import { awaited } from './next-action.ts'

/** The request to decrypt that ends first, and how many more wait for somebody's word. */
export function Awaited({ requests }: { requests: readonly ApprovalView[] }) {
  const { t } = useTranslation()
  const format = useFormats()
  const open = awaited(requests)
  const [first] = open
  if (first === undefined) return null
  const role = first.state === 'approving' ? 'approver' : 'holder'
  return (
    <Section title={t('home.approvals.title')}>
      <div className="panel home-awaited">
        <QuorumRing
          size={96}
          named={false}
          needed={role === 'approver' ? first.approversNeeded : first.answersNeeded}
          voices={first.voices
            .filter((voice) => voice.role === role)
            .map(({ name, said }) => ({ name, given: said === 'approved' }))}
        />
        <span className="row-text">
          <Link underline="always" href={hrefOf('approvals', first.digest)}>
            <Rec>{first.what}</Rec>
          </Link>
          <span className="quiet">{t('home.approvals.until', { time: format.time(first.expiry) })}</span>
          {open.length === 1 ? null : (
            <span className="quiet">{t('home.approvals.more', { count: open.length - 1 })}</span>
          )}
        </span>
      </div>
    </Section>
  )
}
