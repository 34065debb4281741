import { FailureNotice, Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DocumentKind, Failure } from '../../contract/index.ts'
import { call } from '../client.ts'
import { fromBase64, type QrPart, QrShow } from '../components/codes.tsx'
import type { Act } from './act.ts'
import { ScanAnswer } from './holder-codes.tsx'

/** What officers, witnesses and approvers sign on a device of their own, told there from the request's bytes. */
export const signedKinds: ReadonlySet<DocumentKind> = new Set([
  'opening',
  'checkpoint',
  'exception',
  'bundle',
  'policy',
  'decryption-approval',
])

/** Shows a request to the phones of those who sign, and scans what they show. `id`: of the ceremony. */
export function SignCodes({ id, act }: { id: string; act: Act }) {
  const { t } = useTranslation()
  const [parts, setParts] = useState<readonly QrPart[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function show(): Promise<void> {
    setFailure(null)
    const answer = await call('ceremonies.carry', { id })
    if (!answer.ok) return setFailure(answer.error)
    setParts(
      answer.value.parts.map(({ type, payload }) => ({
        what: t(`runner.codes.${type}`),
        carried: { type, payload: fromBase64(payload) },
      })),
    )
  }

  return (
    <>
      <div className="actions">
        <Button variant="surface" color="gray" highContrast onClick={() => void show()}>
          <Icon name="qr" />
          {t('runner.codes.show-phones')}
        </Button>
        <ScanAnswer id={id} what="signature" act={act} />
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
      {parts === null ? null : (
        <Suspense>
          <QrShow title={t('runner.codes.for-phones')} parts={parts} onClose={() => setParts(null)} />
        </Suspense>
      )}
    </>
  )
}
