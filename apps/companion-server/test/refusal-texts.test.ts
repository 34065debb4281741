import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkIds } from '@lux/ceremony/bundle'
import { FormatError } from '@lux/crypto'
import { HsmError, hsmErrorCodes } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import pg from 'pg'
import { expect, test } from 'vitest'
import { linesOf } from '../src/commands/result.ts'
import { failureOf } from '../src/platform/failure.ts'
import { toHttpError } from '../src/platform/http/error-of.ts'
import { errorBody, HttpError, unavailable } from '../src/platform/http/http-error.ts'
import { refusalTexts } from '../src/refusal-texts.ts'

const root = join(import.meta.dirname, '../../..')
const textOf = (one: string) => refusalTexts.of(one)
const ownTexts: Record<string, { what: string; why: string; do: string }> = JSON.parse(
  readFileSync(join(root, 'resources/locales/en/server.json'), 'utf8'),
)
const code = "'([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*)'"
/** Where a source of the server, or of a library whose refusals it hands on, names the code of a failure. */
const named = new RegExp(
  String.raw`(?:new (?:EnvironmentError|FormatError)\(|new HttpError\(\d+,|\brefused?\(|\brefusal\(|\bfault\(|\bbadRequest\(|\bunavailable\(|\brule:|\bcode:|\breturn|[?:] )\s*${code}`,
  'g',
)
const ownCode = new RegExp(`${code}(?!\\])`, 'g')

function codesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(root, folder, file), 'utf8').matchAll(pattern)])
    .map(([, found]) => found ?? '')
    .filter((found) => found.includes('-') || found === 'INTERNAL' || found === 'USAGE')
}

/** Names of algorithms and the like, and the beginning of codes, which have the form of a code. */
const noCodes = /^HSM-PIN$|^(?:AES|AWS4|RSA|EC|P|ML|SHA|HKDF|HMAC|KW|KWP|YYYY)-/

test('SERVER-REMEDY every code of the server and of its libraries says what to do', () => {
  const own = codesIn('apps/companion-server/src', ownCode)
  const ofCeremony = ['bundle', 'documents', 'policy', 'plan', 'transcript'].map(
    (folder) => `packages/ceremony/src/${folder}`,
  )
  const libraries = ['packages/crypto/src', 'packages/hsm/src', ...ofCeremony]
  const handedOn = libraries.flatMap((folder) => codesIn(folder, named))
  const all = new Set(
    [...own, ...handedOn, ...checkIds, ...hsmErrorCodes].filter((one) => !noCodes.test(one)),
  )
  expect(new Set(own).size).toBeGreaterThan(100)
  // One that the server names itself has a text of its own, not that of a family of codes.
  expect(own.filter((one) => !noCodes.test(one) && !textOf(one)?.why)).toEqual([])
  expect(all.size).toBeGreaterThan(350)
  expect([...all].filter((one) => !textOf(one)?.remedy.trim()).sort()).toEqual([])
})

test('SERVER-REMEDY no text is left of a code that the server does not name', () => {
  const own = new Set(codesIn('apps/companion-server/src', ownCode))
  const library = new Set(codesIn('packages/ceremony/src', named))
  const left = Object.keys(ownTexts).filter((one) => !own.has(one) && !library.has(one))
  expect(left).toEqual([])
  for (const [one, { what, why, do: remedy }] of Object.entries(ownTexts))
    expect(
      [what, why, remedy].every((text) => /\w{2}/.test(text)),
      one,
    ).toBe(true)
})

test('SERVER-REMEDY a code has its text once, for all programs', () => {
  const texts = ['errors', 'rules', 'phone-errors', 'server'].flatMap((section): [string, unknown][] =>
    Object.entries(JSON.parse(readFileSync(join(root, `resources/locales/en/${section}.json`), 'utf8'))),
  )
  const codes = texts.filter(([, text]) => Object.hasOwn(Object(text), 'what')).map(([one]) => one)
  expect(codes.length).toBeGreaterThan(300)
  const twice = codes.filter((one, at) => codes.indexOf(one) !== at)
  expect(twice).toEqual([])
})

test('SERVER-REMEDY an answer says what to do in its message, for clients that show nothing else, and apart', () => {
  const body = errorBody('r', new HttpError(400, 'KEY-DISABLED'))
  expect(body).toMatchObject({
    code: 'KEY-DISABLED',
    message: expect.stringMatching(/^The key is disabled\. What to do: Ask the operator/),
    why: expect.stringMatching(/\w/),
    remedy: expect.stringMatching(/^Ask the operator/),
  })
  expect(errorBody('r', unavailable('HSM-CRASHED'))).toMatchObject({
    error: 'HSM-CRASHED',
    message: expect.stringContaining('What to do: Log in again'),
  })
})

test('DATABASE-UNAVAILABLE DATABASE-SLOW DATABASE-FULL a database that is gone, slow or full is said to be that', () => {
  const codeOf = (error: Error) => toHttpError(error).error
  const refused = (code: string) =>
    Object.assign(new pg.DatabaseError('said', 1, 'error'), { code }) satisfies Error
  expect(codeOf(refused('57P03'))).toBe('DATABASE-UNAVAILABLE')
  expect(codeOf(refused('08006'))).toBe('DATABASE-UNAVAILABLE')
  expect(codeOf(refused('53300'))).toBe('DATABASE-UNAVAILABLE')
  expect(codeOf(refused('57014'))).toBe('DATABASE-SLOW')
  expect(codeOf(new Error('timeout exceeded when trying to connect'))).toBe('DATABASE-SLOW')
  expect(codeOf(refused('53100'))).toBe('DATABASE-FULL')
  expect(codeOf(refused('25006'))).toBe('DATABASE-READ-ONLY')
  expect(codeOf(new Error('Connection terminated unexpectedly'))).toBe('DATABASE-UNAVAILABLE')
  for (const fault of [{ code: 'ECONNREFUSED' }, { code: 'EPIPE' }, { code: 'ENOENT', syscall: 'connect' }])
    expect(codeOf(Object.assign(new Error('said'), fault))).toBe('DATABASE-UNAVAILABLE')
  // A fault of ours stays one.
  expect(codeOf(refused('23505'))).toBe('INTERNAL')
  expect(codeOf(new Error('Connection of two things'))).toBe('INTERNAL')
})

test('SERVER-REMEDY what the system refuses has a name and a remedy, and a fault of the program is none of it', () => {
  const error = (facts: object) => Object.assign(new Error('said'), facts)
  const codeOf = (facts: object) => failureOf(error(facts))?.code ?? null
  expect(codeOf({ code: 'EADDRINUSE', syscall: 'listen' })).toBe('ADDRESS-IN-USE')
  expect(codeOf({ code: 'EACCES', syscall: 'listen' })).toBe('ADDRESS-REFUSED')
  expect(codeOf({ code: 'EACCES', path: '/x' })).toBe('FOLDER-READ-ONLY')
  expect(codeOf({ code: 'ENOSPC' })).toBe('DISK-FULL')
  expect(codeOf({ code: 'ECONNREFUSED', syscall: 'connect' })).toBe('DATABASE-UNREACHABLE')
  expect(codeOf({ code: 'ENOENT', path: '/x' })).toBe('DISK-FAILED')
  expect(codeOf({ code: 'ERR_INVALID_ARG_TYPE' })).toBe(null)
  expect(failureOf(new FormatError('JSON-SYNTAX', 'not JSON'))?.code).toBe('JSON-SYNTAX')
  const ckr = { name: 'CKR_TEMPLATE_INCONSISTENT', number: 0xd1 }
  const lacking = new HsmError({ code: 'HSM-ATTRIBUTE-REFUSED', ckr, detail: 'COPYABLE of a root' })
  expect(failureOf(lacking)?.detail).toBe('COPYABLE of a root (CKR_TEMPLATE_INCONSISTENT)')
  expect(failureOf(new ExpectedError('FILE-WRONG-KIND', 'a file'))).toEqual({
    code: 'FILE-WRONG-KIND',
    detail: 'a file',
  })
  const full = linesOf({ code: 'DISK-FULL', detail: '/x could not be written' })
  expect(full).toEqual([
    'DISK-FULL: /x could not be written',
    expect.stringMatching(/^Why: /),
    expect.stringMatching(/^What to do: Free space first/),
  ])
})
