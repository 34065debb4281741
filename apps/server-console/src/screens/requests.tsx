import { Code, EmptyState, QuorumRing, Rec } from '@lux/ui'
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApprovals, waitsFor } from '../api/approvals.ts'
import { call, send } from '../api/client.ts'
import { maxPage } from '../api/limits.ts'
import { has, usePerson } from '../api/queries.ts'
import type { Bundle, DecryptRequest, ThresholdKey } from '../api/types.ts'
import { CopyCode } from '../components/copy.tsx'
import { Field, Form } from '../components/form.tsx'
import { Asked, Card, Page } from '../components/page.tsx'
import { Snippets } from '../components/snippets.tsx'
import { useFormats } from '../components/times.ts'
import { Approvals } from './oversight/approvals.tsx'
import { useRequestPages } from './oversight/pages.ts'

type Holder = { readonly index: number; readonly name: string }

/** What waits for people, that which waits for this one first. */
export function Requests() {
  const { id: self } = usePerson()
  const approvals = useApprovals()
  // It is chosen once: a decision does not take the page away.
  const [first, setFirst] = useState<'approvals' | 'decryptions' | null>(null)
  const fresh = approvals.data?.some((one) => waitsFor(one, self))
  if (first === null && (fresh !== undefined || approvals.isError))
    setFirst(fresh === true ? 'approvals' : 'decryptions')
  return first === null ? (
    <Asked query={approvals}>{() => null}</Asked>
  ) : first === 'approvals' ? (
    <Approvals />
  ) : (
    <Decryptions />
  )
}

/** Requests to decrypt with threshold keys, and bundles of ceremonies. */
export function Decryptions() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const bundles = grants.some(
    ({ role, organisationId }) => (role === 'server-admin' || role === 'operator') && organisationId === null,
  )
  return (
    <Page
      title={t('console.requests.title')}
      lead={t('console.requests.lead')}
      beside={useRequestPages('requests')}
    >
      <div className="columns">
        <div className="column">
          {has(grants, 'operator', 'user', 'crypto-officer', 'auditor', 'service') ? (
            <SharedKeys />
          ) : (
            <EmptyState
              icon="holders"
              title={t('console.requests.no-role')}
              what={t('console.requests.no-role-what')}
            />
          )}
        </div>
        <div className="column">{bundles ? <Bundles /> : null}</div>
      </div>
    </Page>
  )
}

function SharedKeys() {
  const { t } = useTranslation()
  const keys = useQuery({
    queryKey: ['fhe-keys'],
    queryFn: async () => (await call<{ keys: ThresholdKey[] }>('GET', `/fhe/keys?limit=${maxPage}`)).keys,
  })
  return (
    <Asked query={keys}>
      {(found) =>
        found.length === 0 ? (
          <Card title={t('console.requests.decryptions')}>
            <EmptyState
              icon="holders"
              title={t('console.requests.none.title')}
              what={t('console.requests.none.what')}
              cost={t('console.requests.none.cost')}
            />
          </Card>
        ) : (
          <OfKeys keys={found} />
        )
      }
    </Asked>
  )
}

function OfKeys({ keys }: { keys: readonly ThresholdKey[] }) {
  const { t } = useTranslation()
  const details = useQueries({
    queries: keys.map(({ id }) => ({
      queryKey: ['fhe-key', id],
      queryFn: async () => (await call<{ key: { holders: Holder[] } }>('GET', `/fhe/keys/${id}`)).key,
    })),
  })
  const requests = useQueries({
    queries: keys.map(({ id }) => ({
      queryKey: ['decrypt-requests', id],
      queryFn: async () =>
        (await call<{ requests: DecryptRequest[] }>('GET', `/fhe/keys/${id}/decrypt-requests`)).requests,
      refetchInterval: 15_000,
    })),
  })
  return keys.map((key, at) => {
    const its = requests[at]
    return (
      <Card
        key={key.id}
        title={<Rec>{key.name}</Rec>}
        note={t('console.key.threshold', { needed: key.t, n: key.n })}
      >
        {its === undefined ? null : (
          <Asked query={its}>
            {(found) =>
              found.length === 0 ? (
                <p className="quiet">{t('console.requests.quiet-key')}</p>
              ) : (
                <ul className="requests">
                  {found.map((request) => (
                    <Request
                      key={request.requestId}
                      request={request}
                      needed={key.t}
                      holders={details[at]?.data?.holders ?? []}
                    />
                  ))}
                </ul>
              )
            }
          </Asked>
        )}
      </Card>
    )
  })
}

function Request({
  request,
  needed,
  holders,
}: {
  request: DecryptRequest
  needed: number
  holders: readonly Holder[]
}) {
  const { t } = useTranslation()
  const { time, list } = useFormats()
  const answered = new Map(request.answers.map(({ holder, decision }) => [holder, decision]))
  const awaited = holders.filter(({ index }) => !answered.has(index)).map(({ name }) => name)
  const refused = holders.filter(({ index }) => answered.get(index) === 'refused').map(({ name }) => name)
  return (
    <li>
      <QuorumRing
        size={64}
        needed={needed}
        named={false}
        voices={holders.map(({ index, name }) => ({ name, given: answered.get(index) === 'approved' }))}
      />
      <span className="version-text">
        <strong>{t(`console.requests.state.${request.state}`)}</strong>
        {request.state === 'open' && awaited.length > 0 ? (
          <span>{t('console.requests.awaits', { names: list(awaited) })}</span>
        ) : null}
        {refused.length > 0 ? <span>{t('console.requests.refused', { names: list(refused) })}</span> : null}
        <span className="quiet">{t('console.requests.until', { time: time(request.expiry) })}</span>
        <CopyCode value={request.requestId} />
      </span>
    </li>
  )
}

function Bundles() {
  const { t } = useTranslation()
  const { time } = useFormats()
  const bundles = useQuery({
    queryKey: ['bundles'],
    queryFn: async () => (await call<{ bundles: Bundle[] }>('GET', '/ceremonies/bundles?limit=50')).bundles,
  })
  return (
    <Card title={t('console.requests.bundles')}>
      <TakeIn />
      <Asked query={bundles}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState
              icon="bundles"
              title={t('console.requests.no-bundle.title')}
              what={t('console.requests.no-bundle.what')}
            />
          ) : (
            <ul className="version-list">
              {found.map(({ fileDigest, state, rule, ceremonyId, receivedAt }) => (
                <li key={`${fileDigest}${receivedAt}`}>
                  <span className="version-text">
                    <strong>
                      {ceremonyId === null ? t('console.requests.unread') : <Rec>{ceremonyId}</Rec>}
                    </strong>
                    <span className="quiet">{time(receivedAt)}</span>
                    <CopyCode value={fileDigest} shown={`${fileDigest.slice(0, 16)} …`} />
                  </span>
                  <span
                    className="badge"
                    data-tone={state === 'imported' ? 'good' : state === 'refused' ? 'bad' : 'due'}
                  >
                    {t(`console.requests.bundle.${state}`)}
                    {rule === null ? null : <Code>{rule}</Code>}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </Card>
  )
}

type Taken = { readonly bundleDigest: string }

/** Uploads a bundle. A refused one is shown with the rule that refused it. */
function TakeIn() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const take = useMutation({
    mutationFn: (file: File) => send<Taken>('/ceremonies/bundles', file),
    onSettled: () => queries.invalidateQueries({ queryKey: ['bundles'] }),
  })
  return (
    <>
      <Form
        work={take}
        plain
        submit={t('console.take-in.submit')}
        onSubmit={({ file }) => {
          const bundle = file('bundle')
          if (bundle !== null) take.mutate(bundle)
        }}
      >
        <Field
          name="bundle"
          type="file"
          accept=".zip,.bundle"
          label={t('console.take-in.file')}
          hint={t('console.take-in.hint')}
          required
        />
      </Form>
      {take.data === undefined ? null : (
        <p role="status">
          {t('console.take-in.done')}{' '}
          <CopyCode value={take.data.bundleDigest} shown={take.data.bundleDigest.slice(0, 16)} />
        </p>
      )}
      <Snippets
        snippet={{
          curl: `curl -sS --cacert ca.pem -H @token.header -H 'Content-Type: application/zip' --data-binary @bundle.zip '${location.origin}/api/v1/ceremonies/bundles'`,
          typescript: [
            `const reply = await fetch('${location.origin}/api/v1/ceremonies/bundles', {`,
            "  method: 'POST',",
            `  headers: { authorization: \`Bearer \${accessToken}\`, 'content-type': 'application/zip' },`,
            "  body: await readFile('bundle.zip'),",
            '})',
            'console.log(await reply.json())',
          ].join('\n'),
        }}
      />
    </>
  )
}
