import { FailureNotice, Icon, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom } from '../api/client.ts'
import type { AuditDay, AuditVerdict } from '../api/types.ts'
import { Bars } from '../components/bars.tsx'
import { CopyCode } from '../components/copy.tsx'
import { Asked, Card } from '../components/page.tsx'
import { useFormats } from '../components/times.ts'
import { Fact } from './key.tsx'

type Witness = {
  readonly name: string
  readonly answer: 'cosigned' | 'unasked' | 'away' | 'refused' | 'wrong' | 'ahead'
  readonly cosignedAt: string | null
}

type Checkpoint = { readonly payload: { readonly seq: string; readonly time: string } }

/** The log's newest checkpoint, and a button that checks the whole chain. */
export function AuditChain() {
  const { t } = useTranslation()
  const { number, time } = useFormats()
  const [now] = useState(() => new Date())
  const days = useQuery({
    queryKey: ['audit-days'],
    queryFn: async () => {
      const from = new Date(now.getTime() - 14 * 86_400_000).toISOString().slice(0, 10)
      return (await call<{ days: AuditDay[] }>('GET', `/audit/days?from=${from}T00:00:00Z`)).days
    },
  })
  const checkpoint = useQuery({
    queryKey: ['checkpoint'],
    queryFn: async () =>
      (await call<{ checkpoint: Checkpoint | null }>('GET', '/audit/checkpoints/latest')).checkpoint,
  })
  const log = useQuery({
    queryKey: ['audit-log'],
    queryFn: async () =>
      (await call<{ log: { readonly witnesses: readonly Witness[] } | null }>('GET', '/audit/log')).log,
    refetchInterval: 15_000,
  })
  const check = useMutation({
    mutationFn: async () =>
      (await call<{ verdict: AuditVerdict }>('POST', '/audit/verification', {})).verdict,
  })
  return (
    <Card
      title={
        <span className="state-title">
          <span
            className="state-disc"
            data-tone={check.isError ? 'bad' : check.data === undefined ? 'quiet' : 'good'}
          >
            <Icon name={check.isError ? 'cross' : check.data === undefined ? 'shield' : 'check'} size={16} />
          </span>
          {check.isError
            ? t('console.audit.chain-broken')
            : check.data === undefined
              ? t('console.audit.chain')
              : t('console.audit.chain-unbroken')}
        </span>
      }
    >
      <Asked query={days}>{(found) => <Bars days={found} until={now} />}</Asked>
      <dl className="facts">
        {check.data === undefined ? null : (
          <>
            <Fact label={t('console.audit.entries')}>{number(check.data.entries)}</Fact>
            {check.data.dropped === 0 ? null : (
              <Fact label={t('console.audit.no-longer-kept')}>{number(check.data.dropped)}</Fact>
            )}
            <Fact label={t('console.audit.writers')}>{number(check.data.writers)}</Fact>
            <Fact label={t('console.audit.pending')}>{number(check.data.pending)}</Fact>
            {check.data.head === null ? null : (
              <Fact label={t('console.audit.head')}>
                <CopyCode
                  value={check.data.head.hash}
                  shown={`${check.data.head.hash.slice(0, 8)} … ${check.data.head.hash.slice(-4)}`}
                />
              </Fact>
            )}
          </>
        )}
        {checkpoint.data ? (
          <Fact label={t('console.audit.checkpoint')}>
            {t('console.audit.signed', {
              seq: number(Number(checkpoint.data.payload.seq)),
              time: time(checkpoint.data.payload.time),
            })}
          </Fact>
        ) : null}
      </dl>
      {log.data?.witnesses.length ? <Witnesses of={log.data.witnesses} /> : null}
      {check.isError ? <FailureNotice failure={failureFrom(check.error)} /> : null}
      <div aria-live="polite">
        <Button
          type="button"
          size="3"
          variant="surface"
          color="gray"
          highContrast
          onClick={() => check.mutate()}
          aria-disabled={check.isPending}
        >
          {check.isPending ? t('console.works') : t('console.audit.check')}
        </Button>
      </div>
      <p className="quiet">{t('console.audit.check-what')}</p>
    </Card>
  )
}

/** Who cosigns the log elsewhere: each by name, and since when one is silent. */
function Witnesses({ of }: { of: readonly Witness[] }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  return (
    <>
      <h3>
        {t('console.audit.witnesses', {
          count: of.filter(({ answer }) => answer === 'cosigned').length,
          of: of.length,
        })}
      </h3>
      <ul className="checks">
        {of.map(({ name, answer, cosignedAt }) => (
          <li key={name}>
            <span className="state-disc" data-tone={answer === 'cosigned' ? 'good-soft' : 'due'}>
              <Icon name={answer === 'cosigned' ? 'check' : 'alert'} size={14} />
            </span>
            <strong>
              <Rec>{name}</Rec>
            </strong>
            <span className="quiet">
              {t(`console.audit.witness.${answer}`)}
              {cosignedAt === null ? null : (
                <>
                  {' · '}
                  {t('console.audit.witnessed', { time: time(cosignedAt) })}
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
