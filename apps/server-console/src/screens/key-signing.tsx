import { Icon } from '@lux/ui'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { toBase64 } from '../api/bytes.ts'
import { call } from '../api/client.ts'
import type { Key } from '../api/types.ts'
import { Value } from '../components/copy.tsx'
import { Choice, Form, TextField } from '../components/form.tsx'
import { Asked } from '../components/page.tsx'
import { CallSnippets, curlOf, Snippets, sdkOf } from '../components/snippets.tsx'
import { Tabs } from '../components/tabs.tsx'

/** Sign, verify and the public key, here and by a program. */
export function SigningUse({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const algorithms = useQuery({
    queryKey: ['signing-algorithms', shown.id],
    queryFn: async () =>
      (await call<{ signingAlgorithms: string[] }>('GET', `/kms/keys/${shown.id}/signing-algorithms`))
        .signingAlgorithms,
  })
  return (
    <Asked query={algorithms}>
      {(names) => (
        <Tabs
          label={t('console.key.use')}
          tabs={[
            { id: 'sign', label: t('console.sign.sign'), panel: <Sign shown={shown} names={names} /> },
            { id: 'verify', label: t('console.sign.verify'), panel: <Verify shown={shown} names={names} /> },
            { id: 'public', label: t('console.sign.public'), panel: <PublicKey shown={shown} /> },
          ]}
        />
      )}
    </Asked>
  )
}

type Part = { shown: Key; names: readonly string[] }

function Algorithm({ names }: { names: readonly string[] }) {
  const { t } = useTranslation()
  return (
    <Choice
      name="algorithm"
      label={t('console.sign.algorithm')}
      options={names.map((name) => ({ value: name, label: name }))}
    />
  )
}

function Sign({ shown, names }: Part) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/sign`
  const work = useMutation({
    mutationFn: (body: object) => call<{ signature: string }>('POST', path, body),
  })
  const [first = ''] = names
  return (
    <>
      <Form
        work={work}
        submit={t('console.sign.sign')}
        onSubmit={({ text }) =>
          work.mutate({ data: toBase64(text('data')), signingAlgorithm: text('algorithm') })
        }
      >
        <TextField name="data" label={t('console.sign.data')} autoComplete="off" />
        <Algorithm names={names} />
      </Form>
      <div aria-live="polite">
        {work.data === undefined ? null : (
          <Value label={t('console.sign.signature')} value={work.data.signature} />
        )}
      </div>
      <Snippets
        snippet={{
          curl: curlOf('POST', path, { data: toBase64('hello'), signingAlgorithm: first }),
          typescript: sdkOf(
            'const { signature } = await sdk.kms().signing().sign({',
            `  keyId: '${shown.id}',`,
            "  data: Buffer.from('hello').toString('base64'),",
            `  signingAlgorithm: '${first}',`,
            '})',
          ),
        }}
      />
    </>
  )
}

function Verify({ shown, names }: Part) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/verify`
  const work = useMutation({
    mutationFn: (body: object) => call<{ signatureValid: boolean; keyVersion?: number }>('POST', path, body),
  })
  const [first = ''] = names
  return (
    <>
      <Form
        work={work}
        submit={t('console.sign.verify')}
        onSubmit={({ text }) =>
          work.mutate({
            data: toBase64(text('data')),
            signature: text('signature').trim(),
            signingAlgorithm: text('algorithm'),
          })
        }
      >
        <TextField name="data" label={t('console.sign.data')} autoComplete="off" />
        <TextField
          name="signature"
          label={t('console.sign.signature')}
          required
          autoComplete="off"
          dir="ltr"
          className="mono"
        />
        <Algorithm names={names} />
      </Form>
      <div aria-live="polite">
        {work.data === undefined ? null : (
          <Verdict
            good={work.data.signatureValid}
            said={
              work.data.signatureValid
                ? t('console.sign.valid', { version: work.data.keyVersion })
                : t('console.sign.invalid')
            }
          />
        )}
      </div>
      <Snippets
        snippet={{
          curl: curlOf('POST', path, { data: toBase64('hello'), signature: '…', signingAlgorithm: first }),
          typescript: sdkOf(
            'const { signatureValid } = await sdk.kms().signing().verify({',
            `  keyId: '${shown.id}',`,
            "  data: Buffer.from('hello').toString('base64'),",
            '  signature,',
            `  signingAlgorithm: '${first}',`,
            '})',
          ),
        }}
      />
    </>
  )
}

export function Verdict({ good, said }: { good: boolean; said: string }) {
  return (
    <p className="verdict" data-good={good ? '' : undefined}>
      <Icon name={good ? 'check' : 'cross'} size={18} />
      {said}
    </p>
  )
}

function PublicKey({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const path = `/kms/keys/${shown.id}/public-key`
  const found = useQuery({
    queryKey: ['public-key', shown.id],
    queryFn: () => call<{ publicKey: string; keyVersion: number }>('GET', path),
  })
  return (
    <>
      <Asked query={found}>
        {({ publicKey, keyVersion }) => (
          <Value label={t('console.sign.public-of', { version: keyVersion })} value={publicKey} />
        )}
      </Asked>
      <Snippets
        snippet={{
          curl: curlOf('GET', path),
          typescript: sdkOf(
            `const publicKey = await sdk.kms().signing().getPublicKey({ keyId: '${shown.id}' })`,
          ),
        }}
      />
    </>
  )
}

/** Make and check a MAC. */
export function MacUse({ shown }: { shown: Key }) {
  const { t } = useTranslation()
  const making = `/kms/keys/${shown.id}/generate-mac`
  const make = useMutation({
    mutationFn: (body: object) => call<{ mac: string }>('POST', making, body),
  })
  const check = useMutation({
    mutationFn: (body: object) =>
      call<{ macValid: boolean }>('POST', `/kms/keys/${shown.id}/verify-mac`, body),
  })
  return (
    <Tabs
      label={t('console.key.use')}
      tabs={[
        {
          id: 'make',
          label: t('console.mac.make'),
          panel: (
            <>
              <Form
                work={make}
                submit={t('console.mac.make')}
                onSubmit={({ text }) => make.mutate({ data: toBase64(text('data')) })}
              >
                <TextField name="data" label={t('console.sign.data')} autoComplete="off" />
              </Form>
              <div aria-live="polite">
                {make.data === undefined ? null : (
                  <Value label={t('console.mac.mac')} value={make.data.mac} />
                )}
              </div>
              <CallSnippets method="POST" path={making} body={{ data: toBase64('hello') }} />
            </>
          ),
        },
        {
          id: 'check',
          label: t('console.mac.check'),
          panel: (
            <>
              <Form
                work={check}
                submit={t('console.mac.check')}
                onSubmit={({ text }) =>
                  check.mutate({ data: toBase64(text('data')), mac: text('mac').trim() })
                }
              >
                <TextField name="data" label={t('console.sign.data')} autoComplete="off" />
                <GivenMac />
              </Form>
              <div aria-live="polite">
                {check.data === undefined ? null : (
                  <Verdict
                    good={check.data.macValid}
                    said={check.data.macValid ? t('console.mac.valid') : t('console.mac.invalid')}
                  />
                )}
              </div>
            </>
          ),
        },
      ]}
    />
  )
}

function GivenMac() {
  const { t } = useTranslation()
  return (
    <TextField
      name="mac"
      label={t('console.mac.mac')}
      required
      autoComplete="off"
      dir="ltr"
      className="mono"
    />
  )
}
