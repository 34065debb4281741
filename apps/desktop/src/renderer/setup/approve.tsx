import { QuorumRing } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { SetupView } from '../../contract/index.ts'
import { Signatures } from './signatures.tsx'
import type { SetupActs } from './use-setup.ts'

/** Officers approve the very bytes of the plan, and the rehearsal that they saw of it. */
export function Approve({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { approval } = setup
  return (
    <div className="setup-columns">
      <section className="setup-card" aria-labelledby="approve-title">
        <h2 id="approve-title">{t('setup.approve.title')}</h2>
        {approval.lines.length === 0 ? (
          <p className="quiet">{t('setup.approve.rehearse-first')}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
          <pre className="signed-lines" dir="ltr" tabIndex={0} data-record="">
            {approval.lines.join('\n')}
          </pre>
        )}
        {approval.changes.length === 0 ? null : <p className="why-not">{t('setup.approve.changes')}</p>}
      </section>
      <aside className="setup-card setup-side" aria-labelledby="approve-signed">
        <div className="sign-head">
          <QuorumRing
            voices={approval.signers.map(({ name, signed }) => ({ name, given: signed }))}
            needed={approval.required}
            size={96}
            named={false}
          />
          <h2 id="approve-signed">{t('setup.approve.signed')}</h2>
        </div>
        <Signatures
          id={setup.id}
          what="plan"
          signers={approval.signers}
          required={approval.required}
          whyNot={approval.lines.length === 0 ? t('setup.approve.rehearse-first') : null}
          acts={acts}
        />
      </aside>
    </div>
  )
}
