import { EnvironmentError } from '../refusal.ts'

type Kind = 'text' | 'port' | 'number'
type Variable = { readonly name: string; readonly kind: Kind; readonly meaning: string }

/** Every variable that the server reads, and nothing else of the environment. The manual page and the docs site list them. */
export const variables = [
  { name: 'LUX_SERVER_STATE', kind: 'text', meaning: 'The state folder, where --state is not given.' },
  { name: 'PORT', kind: 'port', meaning: 'The port, where --port is not given. Default: 8443.' },
  {
    name: 'WORKERS',
    kind: 'number',
    meaning: 'How many processes serve. Default: one a core in production, one in a rehearsal.',
  },
  {
    name: 'DATABASE_URL',
    kind: 'text',
    meaning:
      'Your PostgreSQL, by an account that is a member of custody_app. Default: one of the server’s own.',
  },
  {
    name: 'DATABASE_OWNER_URL',
    kind: 'text',
    meaning: 'The same database, by the account that owns the schema. Default: DATABASE_URL.',
  },
  { name: 'DATABASE_URL_FILE', kind: 'text', meaning: 'A file whose first line is DATABASE_URL.' },
  {
    name: 'DATABASE_OWNER_URL_FILE',
    kind: 'text',
    meaning: 'A file whose first line is DATABASE_OWNER_URL.',
  },
  {
    name: 'DATABASE_READ_URL',
    kind: 'text',
    meaning:
      'A replica of the database, for lists of keys and queries of the audit log. Default: the same database.',
  },
  { name: 'DATABASE_READ_URL_FILE', kind: 'text', meaning: 'A file whose first line is DATABASE_READ_URL.' },
  { name: 'LUX_CONTAINER', kind: 'text', meaning: '1 in the container image, which sets it itself.' },
  { name: 'HSM_TOKEN_URI', kind: 'text', meaning: 'For init: the token, where --token is not given.' },
  {
    name: 'HSM_LIBRARY_PATH',
    kind: 'text',
    meaning: 'For init: the PKCS#11 library, in place of a URI.',
  },
  {
    name: 'HSM_SLOT',
    kind: 'text',
    meaning: 'For init: the slot of the library’s token. Not needed where the library has one token.',
  },
  {
    name: 'HSM_ENV',
    kind: 'text',
    meaning:
      'For init: what the library reads of its environment, where --env is not given. NAME=VALUE, several with ; between.',
  },
  {
    name: 'HSM_INIT_STRING',
    kind: 'text',
    meaning: 'For init: what the library is told when it starts, where --init-string is not given.',
  },
  {
    name: 'HSM_LIBRARY_SHA256',
    kind: 'text',
    meaning:
      'The digest that the library’s file must have, at init and at every start. Default: the digest that init found.',
  },
  {
    name: 'ROOT_ENCRYPTION_KEY',
    kind: 'text',
    meaning: 'The root where there is no token: 32 random bytes, base64. Name a file instead.',
  },
  {
    name: 'ROOT_ENCRYPTION_KEY_FILE',
    kind: 'text',
    meaning: 'A file whose first line is ROOT_ENCRYPTION_KEY. Fewer can read a file.',
  },
  {
    name: 'HSM_SECOND_TOKEN_URI',
    kind: 'text',
    meaning:
      'Another token that holds the same keys: pkcs11:serial=…. What it leaves out is as for the first token.',
  },
  { name: 'HSM_PIN_FILE', kind: 'text', meaning: 'For init: the PIN’s file, where --pin-file is not given.' },
  {
    name: 'TLS_CERT_FILE',
    kind: 'text',
    meaning: 'The certificate chain, PEM. Default: a certificate of the server’s own CA.',
  },
  { name: 'TLS_KEY_FILE', kind: 'text', meaning: 'The certificate’s key, PEM.' },
  {
    name: 'TLS_NAMES',
    kind: 'text',
    meaning:
      'More names and addresses for the certificate of the server’s own CA, with commas between. It is for localhost, the host’s name and PUBLIC_URL anyway.',
  },
  {
    name: 'TLS_CLIENT_CERTIFICATES',
    kind: 'text',
    meaning:
      'ask: the HTTPS port asks each client for a certificate, for workload rules. Browsers may ask their people which. Default: none is asked for.',
  },
  {
    name: 'KMIP_CLIENT_CA_FILE',
    kind: 'text',
    meaning: 'A CA of KMIP clients besides the server’s own, PEM.',
  },
  {
    name: 'EGRESS_PRIVATE_HOSTS',
    kind: 'text',
    meaning:
      'Hosts that may be at private addresses and speak plain HTTP: host:port, commas between. Default: none.',
  },
  { name: 'LOG_LEVEL', kind: 'text', meaning: 'trace, debug, info, warn or error. Default: info.' },
  {
    name: 'PUBLIC_URL',
    kind: 'text',
    meaning: 'The https origin that browsers reach the server at. Single sign-on and passkeys need it.',
  },
  {
    name: 'REDIS_URL',
    kind: 'text',
    meaning:
      'redis:// or rediss://. Replicas share by it what they count for throughput limits. Default: each counts alone.',
  },
  { name: 'REDIS_URL_FILE', kind: 'text', meaning: 'A file whose first line is REDIS_URL.' },
  {
    name: 'AUDIT_WITNESSES',
    kind: 'text',
    meaning:
      'Who cosigns the audit log (C2SP tlog-witness): a URL, a space and the witness’ verifier key, several with commas between. Without it, nobody.',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    kind: 'text',
    meaning:
      'A collector of OpenTelemetry, by OTLP over HTTP. Default: no traces, and metrics at /metrics alone.',
  },
  {
    name: 'OTEL_SERVICE_NAME',
    kind: 'text',
    meaning: 'What the collector calls the server. Default: custody-server.',
  },
  {
    name: 'OTEL_METRIC_EXPORT_INTERVAL',
    kind: 'number',
    meaning: 'Milliseconds between two exports of metrics. Default: 60000.',
  },
  {
    name: 'OTEL_BSP_SCHEDULE_DELAY',
    kind: 'number',
    meaning: 'Milliseconds between two exports of spans. Default: 5000.',
  },
  {
    name: 'DRAIN_SECONDS',
    kind: 'number',
    meaning:
      'How long the server still answers after a signal to stop, while it says that it is not ready. Default: not at all.',
  },
  {
    name: 'TRUSTED_PROXIES',
    kind: 'text',
    meaning:
      'With --behind-tls-proxy: the proxies whose X-Forwarded-For is believed. Addresses and CIDR blocks, commas between. Default: none.',
  },
  {
    name: 'CIPHERTEXT_HOURS_AFTER_END',
    kind: 'number',
    meaning:
      'How long a ciphertext of a threshold key is kept after the last request that names it has ended. Default: 24.',
  },
  {
    name: 'CIPHERTEXT_HOURS_UNASKED',
    kind: 'number',
    meaning: 'How long a ciphertext of a threshold key waits for a request that names it. Default: 168.',
  },
  {
    name: 'RATE_LIMIT_PER_SECOND',
    kind: 'number',
    meaning: 'Calls a second of one identity. Default: 5000.',
  },
] as const satisfies readonly Variable[]

export type VariableName = (typeof variables)[number]['name']

/** Secrets that are refused here: other processes of the account, crash reports and containers’ descriptions show them. */
const secrets = {
  HSM_PIN: 'HSM_PIN_FILE',
  HSM_SO_PIN: 'a file of mode 0600',
  CLIENT_SECRET: 'a file of mode 0600',
}

/**
 * Refuses what no environment should hold, and what does not fit. Throws SECRET-IN-ENVIRONMENT, ENVIRONMENT-VARIABLE. Empty is how a
 * service's settings say that there is none.
 */
export function checkEnvironment(environment: NodeJS.ProcessEnv): void {
  for (const [name, instead] of Object.entries(secrets))
    if (environment[name])
      throw new EnvironmentError('SECRET-IN-ENVIRONMENT', `${name} is set: take it out and use ${instead}`)
  for (const { name, kind } of variables) {
    const text = environment[name]
    if (text && kind !== 'text' && !fits(kind, text))
      throw new EnvironmentError(
        'ENVIRONMENT-VARIABLE',
        `${name}: expected ${kind === 'port' ? '0 to 65535' : '1 to 9999999'}`,
      )
  }
  if (environment.TLS_NAMES && !/^[A-Za-z0-9.:-]+(,[A-Za-z0-9.:-]+)*$/.test(environment.TLS_NAMES))
    throw new EnvironmentError(
      'ENVIRONMENT-VARIABLE',
      'TLS_NAMES: expected names and addresses, with commas and no spaces between',
    )
  if (environment.TLS_CLIENT_CERTIFICATES && environment.TLS_CLIENT_CERTIFICATES !== 'ask')
    throw new EnvironmentError('ENVIRONMENT-VARIABLE', 'TLS_CLIENT_CERTIFICATES: expected ask')
  const level = environment.LOG_LEVEL
  if (level && !levels.includes(level))
    throw new EnvironmentError('ENVIRONMENT-VARIABLE', `LOG_LEVEL: expected one of ${levels.join(', ')}`)
}

const levels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error']

const fits = (kind: 'port' | 'number', text: string): boolean =>
  kind === 'port' ? /^\d{1,5}$/.test(text) && Number(text) <= 65_535 : /^[1-9]\d{0,6}$/.test(text)

/** A variable's text; undefined where it is not set or empty. */
export function variable(
  name: VariableName,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return environment[name] || undefined
}
