import { EmptyState, FailureNotice, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom, saveAs } from '../api/client.ts'
import type { Role } from '../api/limits.ts'
import { useKey, usePerson, useVersions } from '../api/queries.ts'
import type { Grant, Key } from '../api/types.ts'
import { CopyCode } from '../components/copy.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { to } from '../components/route.ts'
import { useFormats } from '../components/times.ts'
import { CipherUse } from './key-cipher.tsx'
import { KeyLife } from './key-life.tsx'
import { MacUse, SigningUse } from './key-signing.tsx'
import { KeyVersions } from './key-versions.tsx'
import { KeyBadge } from './keys.tsx'

export function KeyPage({ id }: { id: string }) {
  return <Asked query={useKey(id)}>{(shown) => <Shown shown={shown} />}</Asked>
}

/** Whether this person has one of the roles in the key's project. */
export function mayHere(grants: readonly Grant[], shown: Key, ...roles: readonly Role[]): boolean {
  return grants.some(
    ({ role, organisationId, projectId }) =>
      roles.includes(role) &&
      (organisationId === null || organisationId === shown.orgId) &&
      (projectId === null || projectId === shown.projectId),
  )
}

function Shown({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const { date, time } = useFormats()
  const { grants } = usePerson()
  const versions = useVersions(shown.id)
  const uses = mayHere(grants, shown, 'user', 'service')
  const manages = mayHere(grants, shown, 'crypto-officer')
  return (
    <Page
      title={<Rec>{shown.name}</Rec>}
      lead={
        shown.description === null ? t(`console.usage.${shown.keyUsage}`) : <Rec>{shown.description}</Rec>
      }
      badge={<KeyBadge shown={shown} date={date} />}
    >
      <p>
        <a href={to('keys')}>{t('console.key.back')}</a>
      </p>
      <div className="columns">
        <div className="column">
          {shown.threshold === undefined ? (
            <Card title={t('console.key.use')}>
              {uses ? (
                <Use shown={shown} />
              ) : (
                <EmptyState
                  icon="hand"
                  title={t('console.key.not-user')}
                  what={t('console.key.not-user-what')}
                />
              )}
            </Card>
          ) : (
            <Ceremony shown={shown} />
          )}
          <Asked query={versions}>
            {(its) => <KeyVersions shown={shown} versions={its} manages={manages} />}
          </Asked>
        </div>
        <div className="column narrow">
          <Card title={t('console.key.facts')}>
            <dl className="facts">
              <Fact label={t('console.key.algorithm')}>{t(`console.algorithm.${shown.algorithm}`)}</Fact>
              <Fact label={t('console.key.made')}>{time(shown.createdAt)}</Fact>
              <Fact label={t('console.key.rotation')}>
                {shown.rotateEveryDays === null
                  ? t('console.key.by-hand')
                  : t('console.key.every', { count: shown.rotateEveryDays })}
              </Fact>
              <Fact label={t('console.key.leaves')}>
                {shown.isExportable ? t('console.key.leaves-yes') : t('console.key.leaves-no')}
              </Fact>
              <Fact label={t('console.key.id')}>
                <CopyCode value={shown.id} />
              </Fact>
            </dl>
          </Card>
          {manages ? <KeyLife shown={shown} /> : null}
        </div>
      </div>
    </Page>
  )
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Use({ shown }: { shown: Key }) {
  if (shown.keyUsage === 'encrypt-decrypt') return <CipherUse shown={shown} />
  if (shown.keyUsage === 'sign-verify') return <SigningUse shown={shown} />
  return <MacUse shown={shown} />
}

function Ceremony({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const { t: needed, n } = shown.threshold ?? { t: 0, n: 0 }
  const request = useQuery({
    queryKey: ['plan-request', shown.id],
    queryFn: () => call<object>('GET', `/kms/keys/${shown.id}/plan-request`),
    enabled: shown.state === 'awaiting-ceremony',
  })
  return (
    <Card title={t('console.key.threshold', { needed, n })}>
      <p>{shown.state === 'dealt' ? t('console.key.dealt') : t('console.key.awaiting')}</p>
      {request.isError ? (
        <FailureNotice failure={failureFrom(request.error)} onRetry={() => void request.refetch()} />
      ) : null}
      {request.data === undefined ? null : (
        <div>
          <Button
            type="button"
            onClick={() =>
              saveAs(new Blob([JSON.stringify(request.data)]), `plan-request-${shown.name}.json`)
            }
          >
            {t('console.key.plan-request')}
          </Button>
        </div>
      )}
    </Card>
  )
}
