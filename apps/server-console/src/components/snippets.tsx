import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from './copy.tsx'

type Snippet = { readonly curl: string; readonly typescript: string }

const forms = ['curl', 'typescript'] as const

/** The page's call as code to paste into a program. */
export function Snippets({ snippet }: { snippet: Snippet }) {
  const { t } = useTranslation()
  const [form, setForm] = useState<(typeof forms)[number]>('curl')
  return (
    <details className="snippets">
      <summary>{t('console.snippet.title')}</summary>
      <fieldset className="segments" aria-label={t('console.snippet.way')}>
        {forms.map((one) => (
          <button key={one} type="button" aria-pressed={form === one} onClick={() => setForm(one)}>
            {t(`console.snippet.${one}`)}
          </button>
        ))}
      </fieldset>
      <pre dir="ltr" data-record="">
        <code>{snippet[form]}</code>
      </pre>
      <p className="quiet">{t(`console.snippet.${form}-note`)}</p>
      <CopyButton text={snippet[form]} />
    </details>
  )
}

/** As curl and as TypeScript, for a call that the SDK lacks. */
export function CallSnippets({ method, path, body }: { method: Method; path: string; body?: object }) {
  return <Snippets snippet={{ curl: curlOf(method, path, body), typescript: fetchOf(method, path, body) }} />
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** The call with curl. The token comes from a file, because other users can read a process's arguments. */
export function curlOf(method: Method, path: string, body?: object): string {
  const given =
    body === undefined ? '' : ` \\\n  -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`
  const how = method === 'GET' ? '' : `-X ${method} `
  return `curl -sS --cacert ca.pem -H @token.header ${how}${quoted(`${location.origin}/api/v1${path}`)}${given}`
}

/** One word of a shell: names may have apostrophes, and whoever pastes a command runs no part of a name. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The call with the SDK, which the server's tests use unchanged. */
export function sdkOf(...lines: readonly string[]): string {
  return [
    "import { InfisicalSDK } from '@infisical/sdk'",
    '',
    `const sdk = new InfisicalSDK({ siteUrl: '${location.origin}' })`,
    'await sdk.auth().universalAuth.login({ clientId, clientSecret })',
    ...lines,
  ].join('\n')
}

/** The call with fetch, for what the SDK lacks. */
export function fetchOf(method: Method, path: string, body?: object): string {
  return [
    `const reply = await fetch('${location.origin}/api/v1${path}', {`,
    `  method: '${method}',`,
    `  headers: { authorization: \`Bearer \${accessToken}\`${body === undefined ? '' : ", 'content-type': 'application/json'"} },`,
    ...(body === undefined ? [] : [`  body: JSON.stringify(${JSON.stringify(body)}),`]),
    '})',
    'console.log(await reply.json())',
  ].join('\n')
}
