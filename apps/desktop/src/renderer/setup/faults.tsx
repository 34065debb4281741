import { Code, Icon, Rec } from '@lux/ui'
import { useErrorText } from '@lux/ui/i18n'
import { useTranslation } from 'react-i18next'
import type { SetupFault } from '../../contract/index.ts'

/** What keeps a policy or a plan from being one, or what is to be known of it: what, where, what to do. */
export function Faults({ faults, tone = 'bad' }: { faults: readonly SetupFault[]; tone?: 'bad' | 'warn' }) {
  return faults.length === 0 ? null : (
    <div role="status">
      <ul className="list setup-faults">
        {faults.map((fault) => (
          <OneFault key={`${fault.code} ${fault.step} ${fault.detail}`} fault={fault} tone={tone} />
        ))}
      </ul>
    </div>
  )
}

function OneFault({ fault: { code, step, detail }, tone }: { fault: SetupFault; tone: 'bad' | 'warn' }) {
  const { t } = useTranslation()
  const text = useErrorText({ code, detail })
  return (
    <li className="failure" data-tone={tone} data-code={code}>
      <Icon name="alert" size={18} />
      <div>
        <strong>{text.what}</strong>
        {step === '' && detail === '' ? null : (
          <p>
            {step === '' ? null : (
              <>
                {t('setup.at-step')} <Code>{step}</Code>:{' '}
              </>
            )}
            <Rec>{detail}</Rec>
          </p>
        )}
        <p>{text.do}</p>
        <Code>{code}</Code>
      </div>
    </li>
  )
}
