import { EnvironmentError } from '../refusal.ts'

type Kind = 'text' | 'port' | 'number'
type Variable = { readonly name: string; readonly kind: Kind; readonly meaning: string }

/** Every variable that the server reads, and nothing else of the environment. docs/guide/server.md has the same table. */
export const variables = [
  { name: 'LUX_SERVER_STATE', kind: 'text', meaning: 'the state folder, where --state is not given' },
  { name: 'PORT', kind: 'port', meaning: 'port, where --port is not given; else 8443' },
  {
    name: 'WORKERS',
    kind: 'number',
    meaning: 'processes that serve; else one a core in production, one in a rehearsal',
  },
  {
    name: 'DATABASE_URL',
    kind: 'text',
    meaning: 'any PostgreSQL, as a member of custody_app; else one of its own',
  },
  { name: 'DATABASE_OWNER_URL', kind: 'text', meaning: 'who may change its schema; else DATABASE_URL' },
  { name: 'DATABASE_URL_FILE', kind: 'text', meaning: 'a file whose first line is DATABASE_URL' },
  { name: 'DATABASE_OWNER_URL_FILE', kind: 'text', meaning: 'a file whose first line is DATABASE_OWNER_URL' },
  {
    name: 'DATABASE_READ_URL',
    kind: 'text',
    meaning:
      'a replica of it, for the lists of keys that REST gives and queries of the audit log; else the same',
  },
  { name: 'DATABASE_READ_URL_FILE', kind: 'text', meaning: 'a file whose first line is DATABASE_READ_URL' },
  { name: 'LUX_CONTAINER', kind: 'text', meaning: '1 in the container image, which sets it' },
  { name: 'HSM_TOKEN_URI', kind: 'text', meaning: 'the token for init, where --token is not given' },
  {
    name: 'HSM_LIBRARY_PATH',
    kind: 'text',
    meaning: 'the PKCS#11 library for init, in place of a URI',
  },
  {
    name: 'HSM_SLOT',
    kind: 'text',
    meaning: 'the slot of its token; where the library has one token, not needed',
  },
  {
    name: 'HSM_ENV',
    kind: 'text',
    meaning:
      'for init, what the library reads of its environment where no --env is given: NAME=VALUE, several with ; between',
  },
  {
    name: 'HSM_INIT_STRING',
    kind: 'text',
    meaning: 'for init, what the library is told when it starts, where --init-string is not given',
  },
  {
    name: 'HSM_LIBRARY_SHA256',
    kind: 'text',
    meaning:
      'the digest that the library’s file must have, at init and at every start; else any at init, which keeps it, and that one at every start',
  },
  {
    name: 'ROOT_ENCRYPTION_KEY',
    kind: 'text',
    meaning: 'the root where there is no token: 32 random bytes, base64',
  },
  {
    name: 'ROOT_ENCRYPTION_KEY_FILE',
    kind: 'text',
    meaning: 'a file whose first line is ROOT_ENCRYPTION_KEY: better, since fewer can read it',
  },
  {
    name: 'HSM_SECOND_TOKEN_URI',
    kind: 'text',
    meaning: 'another token that holds the same keys (serial, else as the first): pkcs11:serial=…; else none',
  },
  { name: 'HSM_PIN_FILE', kind: 'text', meaning: 'the PIN’s file for init, where --pin-file is not given' },
  { name: 'TLS_CERT_FILE', kind: 'text', meaning: 'certificate chain, PEM; else one of the server’s own CA' },
  { name: 'TLS_KEY_FILE', kind: 'text', meaning: 'its key, PEM' },
  {
    name: 'TLS_NAMES',
    kind: 'text',
    meaning:
      'names and addresses, commas between, that the certificate of the server’s own CA is for besides localhost, the host’s and PUBLIC_URL’s',
  },
  {
    name: 'KMIP_CLIENT_CA_FILE',
    kind: 'text',
    meaning: 'a CA of KMIP clients besides the server’s own, PEM',
  },
  {
    name: 'EGRESS_PRIVATE_HOSTS',
    kind: 'text',
    meaning:
      'hosts (host:port, commas between) that may be at private addresses and speak plain HTTP; else none',
  },
  { name: 'LOG_LEVEL', kind: 'text', meaning: 'trace, debug, info, warn or error; else info' },
  {
    name: 'PUBLIC_URL',
    kind: 'text',
    meaning: 'https origin that browsers reach it at: single sign-on needs it',
  },
  {
    name: 'REDIS_URL',
    kind: 'text',
    meaning:
      'redis:// or rediss://, by which replicas share what they count for throughput limits; else each alone',
  },
  { name: 'REDIS_URL_FILE', kind: 'text', meaning: 'a file whose first line is REDIS_URL' },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    kind: 'text',
    meaning: 'a collector of OpenTelemetry, by OTLP over HTTP; else no traces, and metrics at /metrics alone',
  },
  { name: 'OTEL_SERVICE_NAME', kind: 'text', meaning: 'what it is called there; else custody-server' },
  {
    name: 'OTEL_METRIC_EXPORT_INTERVAL',
    kind: 'number',
    meaning: 'milliseconds between two exports of metrics; else 60000',
  },
  {
    name: 'OTEL_BSP_SCHEDULE_DELAY',
    kind: 'number',
    meaning: 'milliseconds between two exports of spans; else 5000',
  },
  {
    name: 'DRAIN_SECONDS',
    kind: 'number',
    meaning: 'how long it still answers after a signal to stop, no longer ready; else not at all',
  },
  {
    name: 'TRUSTED_PROXIES',
    kind: 'text',
    meaning:
      'with --behind-tls-proxy, the proxies (addresses and CIDR blocks, commas between) whose X-Forwarded-For says where a call comes from; else none',
  },
  { name: 'RATE_LIMIT_PER_SECOND', kind: 'number', meaning: 'calls a second of one identity; else 5000' },
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
