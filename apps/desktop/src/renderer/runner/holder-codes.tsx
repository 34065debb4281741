import { FailureNotice, Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DocumentKind, Failure, ScannedAnswer } from '../../contract/index.ts'
import { call } from '../client.ts'
import { allowCamera, fromBase64, type QrPart, QrScan, QrShow, toBase64 } from '../components/codes.tsx'
import { shares } from '../stores/remotes.ts'
import type { Act } from './act.ts'

/** For each holder a button that shows what that holder's phone needs now. `id`: of the ceremony. */
export function ShowToHolders({ id, holders }: { id: string; holders: readonly string[] }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState<{ holder: string; parts: readonly QrPart[] } | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function show(holder: string): Promise<void> {
    setFailure(null)
    const answer = await call('ceremonies.carry', { id, holder })
    if (!answer.ok) return setFailure(answer.error)
    void shares.again()
    const parts = answer.value.parts.map(({ type, payload }) => ({
      what: t(`runner.codes.${type}`),
      carried: { type, payload: fromBase64(payload) },
    }))
    setShown({ holder, parts })
  }

  return (
    <>
      <div className="actions">
        {holders.map((holder) => (
          <Button key={holder} variant="surface" color="gray" highContrast onClick={() => void show(holder)}>
            <Icon name="qr" />
            {t('runner.codes.show', { name: holder })}
          </Button>
        ))}
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
      {shown === null ? null : (
        <Suspense>
          <QrShow
            title={t('runner.codes.for', { name: shown.holder })}
            parts={shown.parts}
            onClose={() => setShown(null)}
          />
        </Suspense>
      )}
    </>
  )
}

const scanned: Partial<Record<DocumentKind, ScannedAnswer>> = {
  acknowledgement: 'acknowledgement',
  'holder-answer': 'holder-answer',
  'epoch-approval': 'epoch-approval',
  redeal: 'redeal-package',
  heartbeat: 'heartbeat',
}

/** How a phone shows what a run waits for from its holder; null of what comes from elsewhere. */
export const scannedAs = (what: DocumentKind): ScannedAnswer | null => scanned[what] ?? null

/** Scans a person's answer: a proof where shares are proved, a signature where one is asked for, else an answer to a request. */
export function ScanAnswer({ id, what, act }: { id: string; what: ScannedAnswer; act: Act }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Icon name="qr" />
        {t('runner.codes.scan')}
      </Button>
      {open ? (
        <Suspense>
          <QrScan
            title={t('runner.codes.scan')}
            what={t(`runner.codes.${what}`)}
            expected={[what]}
            allow={allowCamera}
            onCarried={({ payload }) =>
              void act(call('ceremonies.submitCarried', { id, type: what, payload: toBase64(payload) }))
            }
            onClose={() => setOpen(false)}
          />
        </Suspense>
      ) : null}
    </>
  )
}
