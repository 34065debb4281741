import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkEnvironment, variable, variables } from '../../src/platform/environment.ts'

const ruleOf = (environment: NodeJS.ProcessEnv) => {
  try {
    checkEnvironment(environment)
    return 'fits'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

test.each([
  [{ PORT: '9000', LOG_LEVEL: 'warn', RATE_LIMIT_PER_SECOND: '10' }, 'fits'],
  [{ PORT: '', LOG_LEVEL: '', HSM_PIN: '' }, 'fits'],
  [{ PORT: '70000' }, 'ENVIRONMENT-VARIABLE'],
  [{ PORT: 'http' }, 'ENVIRONMENT-VARIABLE'],
  [{ LOG_LEVEL: 'loud' }, 'ENVIRONMENT-VARIABLE'],
  [{ RATE_LIMIT_PER_SECOND: '0' }, 'ENVIRONMENT-VARIABLE'],
  [{ TLS_NAMES: 'kms,kms.vault.svc,192.0.2.7,2001:db8::1' }, 'fits'],
  [{ TLS_NAMES: 'kms, kms.vault.svc' }, 'ENVIRONMENT-VARIABLE'],
  [{ TLS_NAMES: 'https://kms' }, 'ENVIRONMENT-VARIABLE'],
  [{ HSM_PIN: '123456' }, 'SECRET-IN-ENVIRONMENT'],
  [{ HSM_SO_PIN: '123456' }, 'SECRET-IN-ENVIRONMENT'],
])('SECRET-IN-ENVIRONMENT %j: %s', (environment, expected) => {
  expect(ruleOf(environment)).toBe(expected)
})

test('SECRET-IN-ENVIRONMENT the refusal does not repeat the secret', () => {
  expect(() => checkEnvironment({ HSM_PIN: '123456' })).toThrow(
    /^HSM_PIN is set: take it out and use HSM_PIN_FILE$/,
  )
  expect(variable('PORT', { PORT: '' })).toBe(undefined)
})

test('ENVIRONMENT-VARIABLE every variable that a guide names is one that the server reads', () => {
  const guide = (name: string) =>
    readFileSync(join(import.meta.dirname, '../../../../docs', `${name}.md`), 'utf8')
  const prefixes = [...new Set(variables.map(({ name }) => name.split('_')[0]))].join('|')
  const named = ['guide/access', 'guide/operate', 'guide/restore', 'install-server'].flatMap(
    (name) => guide(name).match(new RegExp(`\\b(?:${prefixes})_[A-Z_]+\\b`, 'g')) ?? [],
  )
  expect(named.length).toBeGreaterThan(15)
  const known = new Set<string>([...variables.map(({ name }) => name), 'HSM_PIN'])
  expect(named.filter((name) => !known.has(name) && !name.startsWith('LUX_CUSTODY_'))).toEqual([])
})
