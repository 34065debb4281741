import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeServiceKey } from '../../src/sign-on/service-key.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { python } from '../support/python.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { browserOf, callbackOf, origin } from './support/sign-on-under-test.ts'

// A second identity provider, of another maker and by another implementation of XML signatures: libxmlsec1.

let kms: Awaited<ReturnType<typeof openKms>>
let browser: ReturnType<typeof browserOf>
let folder = ''
const entityId = 'https://pysaml2.example/saml'
const sha1 = { signature: 'rsa-sha1', digest: 'sha1' } as const
const dsig = 'http://www.w3.org/2000/09/xmldsig#'
const goodEncryption = { encryption: 'aes256-gcm' }

const assertionOf = (xml: string) => /<(\w+):Assertion\b.*<\/\1:Assertion>/s.exec(xml)?.[0] ?? ''
const signatureOf = (xml: string) => /<(\w+):Signature\b.*?<\/\1:Signature>/s.exec(xml)?.[0] ?? ''
const subjectOf = (xml: string) => /<\w+:Subject>/.exec(xml)?.[0] ?? ''
const endOf = (xml: string) => /<\/\w+:Response>\s*$/.exec(xml)?.[0] ?? ''
const responsePrefix = (xml: string) => /<(\w+):Response\b/.exec(xml)?.[1] ?? ''
const evilOf = (assertion: string) =>
  assertion
    .replace(signatureOf(assertion), '')
    .replace(/\bID="[^"]+"/, 'ID="_evil"')
    .replace('>ada<', '>mallory<')

type Case = {
  /** What the provider is asked for. */
  readonly asked?: Readonly<Record<string, unknown>>
  /** What is done to its answer on the way. */
  readonly change?: (xml: string) => string
  /** The rule that refuses it, or that the log-in is done. */
  readonly says: string
  /** Of an attack, its row in the guide's table. */
  readonly row?: string
}

const cases: Readonly<Record<string, Case>> = {
  'a signed assertion': { says: 'ready' },
  'a signed assertion in a signed response': { asked: { signResponse: true }, says: 'ready' },
  'a signed assertion, encrypted by AES-256-GCM': { asked: goodEncryption, says: 'ready' },
  'an assertion that is encrypted by Triple DES': {
    row: 'encrypted by Triple DES',
    asked: { encryption: 'of its own' },
    says: 'SIGN-ON-ENCRYPTION',
  },
  'an assertion that is not signed': {
    row: 'unsigned, signature taken off, changed',
    asked: { signAssertion: false },
    says: 'SIGN-ON-SIGNATURE',
  },
  'an encrypted assertion that is not signed': {
    row: 'encrypted and unsigned',
    asked: { ...goodEncryption, signAssertion: false },
    says: 'SIGN-ON-SIGNATURE',
  },
  'a signature by SHA-1': {
    row: 'SHA-1',
    asked: { signature: `${dsig}${sha1.signature}`, digest: `${dsig}${sha1.digest}` },
    says: 'SIGN-ON-SIGNATURE',
  },
  'an assertion for another service': {
    row: 'for another client or audience',
    asked: { audience: 'https://other.example/metadata' },
    says: 'SIGN-ON-AUDIENCE',
  },
  'a document type': {
    row: 'a document type, before anything parses it',
    change: (xml) => `<!DOCTYPE r>${withoutHead(xml)}`,
    says: 'SIGN-ON-DOCTYPE',
  },
  'a signature taken off': {
    row: 'unsigned, signature taken off, changed',
    change: (xml) => xml.replace(signatureOf(xml), ''),
    says: 'SIGN-ON-SIGNATURE',
  },
  'a changed name': {
    row: 'unsigned, signature taken off, changed',
    change: (xml) => xml.replaceAll('>ada<', '>mallory<'),
    says: 'SIGN-ON-SIGNATURE',
  },
  'a changed group': {
    row: 'unsigned, signature taken off, changed',
    change: (xml) => xml.replace('>everybody<', '>admins<'),
    says: 'SIGN-ON-SIGNATURE',
  },
  'a second assertion': {
    row: 'a second assertion, after the good one',
    change: (xml) => xml.replace(endOf(xml), evilOf(assertionOf(xml)) + endOf(xml)),
    says: 'SIGN-ON-SIGNATURE',
  },
  'an evil assertion before the good one': {
    row: 'a second assertion, before the good one',
    change: (xml) => xml.replace(assertionOf(xml), evilOf(assertionOf(xml)) + assertionOf(xml)),
    says: 'SIGN-ON-SIGNATURE',
  },
  'a wrapped assertion in an evil one': {
    row: 'wrapped (in an evil assertion, in its signature, in an extension)',
    change: (xml) => {
      const good = assertionOf(xml)
      return xml.replace(good, evilOf(good).replace(subjectOf(good), good + subjectOf(good)))
    },
    says: 'SIGN-ON-SIGNATURE',
  },
  'a wrapped assertion in the evil one’s signature': {
    row: 'wrapped (in an evil assertion, in its signature, in an extension)',
    change: (xml) => {
      const good = assertionOf(xml)
      const [end = '', prefix = ''] = /<\/(\w+):Signature>/.exec(good) ?? []
      const object = `<${prefix}:Object>${good}</${prefix}:Object>${end}`
      const moved = signatureOf(good).replace(end, object)
      return xml.replace(good, evilOf(good).replace(subjectOf(good), moved + subjectOf(good)))
    },
    says: 'SIGN-ON-SIGNATURE',
  },
  'a wrapped assertion in an extension': {
    row: 'wrapped (in an evil assertion, in its signature, in an extension)',
    change: (xml) => {
      const [good, name] = [assertionOf(xml), `${responsePrefix(xml)}:Extensions`]
      return xml.replace(good, `<${name}>${good}</${name}>${evilOf(good)}`)
    },
    says: 'SIGN-ON-SIGNATURE',
  },
}

const withoutHead = (xml: string): string => xml.replace(/^<\?xml[^>]*\?>\s*/, '')

type Begun = Awaited<ReturnType<ReturnType<typeof browserOf>['begin']>>
const begun: Begun[] = []
let answers: string[] = []

beforeAll(async () => {
  process.env.PUBLIC_URL = origin
  kms = await openKms()
  browser = browserOf(kms)
  folder = await makeFolder()
  await mkdir(folder, { recursive: true })
  const own = await makeServiceKey('idp', new Date())
  const { signOn } = kms.server.services
  const entryPoint = 'https://pysaml2.example/login'
  const settings = {
    ...({ kind: 'saml', entityId, entryPoint, groupsAttribute: 'groups' } as const),
    certificates: [own.certificate],
  } as const
  given(
    await signOn.addProvider(kms.callAs(kms.admin), {
      name: 'pysaml2',
      organisation: null,
      settings,
      secret: null,
    }),
  )
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const grant = { role: 'crypto-officer', ...place } as const
  given(await signOn.addGroupRole(kms.callAs(kms.chief), { provider: 'pysaml2', group: 'officers', grant }))
  const at = (name: string) => join(folder, name)
  const metadata = await browser.get(
    callbackOf('pysaml2').slice(origin.length).replace('callback', 'metadata'),
  )
  await Promise.all([
    writeFile(at('key.pem'), own.key, { mode: 0o600 }),
    writeFile(at('certificate.pem'), own.certificate),
    writeFile(at('metadata.xml'), metadata.body),
  ])
  for (const _ of Object.keys(cases)) begun.push(await browser.begin('pysaml2'))
  // One process for all: it takes longer to start than to answer.
  const job = {
    entityId,
    entryPoint,
    key: at('key.pem'),
    certificate: at('certificate.pem'),
    metadata: at('metadata.xml'),
    answers: Object.values(cases).map(({ asked = {} }, index) => ({
      request: new URL(begun[index]?.to ?? '').search.slice(1),
      who: 'ada',
      ...asked,
    })),
  }
  await writeFile(at('job.json'), JSON.stringify(job))
  const script = join(import.meta.dirname, 'support/pysaml2_idp.py')
  // The script prints a list of texts.
  answers = (await python(script, at('job.json'))) as string[]
})

afterAll(async () => {
  await kms?.close()
  await rm(folder, { recursive: true, force: true })
  delete process.env.PUBLIC_URL
})

test.each(Object.keys(cases))('SIGN-ON-PYSAML2 %s', async (name) => {
  const index = Object.keys(cases).indexOf(name)
  const [one, attempt, answer = ''] = [cases[name], begun[index], answers[index]]
  const xml = one?.change?.(answer) ?? answer
  if (one?.change) expect(xml).not.toBe(answer)
  if (name.includes('wrapped') || name.includes('evil')) expect(xml).toContain('>mallory<')
  const state = new URL(attempt?.to ?? '').searchParams.get('RelayState') ?? ''
  const form = { SAMLResponse: Buffer.from(xml).toString('base64'), RelayState: state }
  expect(await browser.posted('pysaml2', form, attempt?.cookie ?? '')).toBe(one?.says)
  expect((await browser.takeToken(attempt?.cookie ?? '')).statusCode).toBe(one?.says === 'ready' ? 200 : 401)
  // Good or not, it is good for nothing a second time.
  expect(await browser.posted('pysaml2', form, attempt?.cookie ?? '')).toBe('SIGN-ON-STATE')
})

test('SIGN-ON-PYSAML2 all its log-ins are those of one person, with the groups that the provider names', async () => {
  const { database } = kms.server.services
  const members = await database.selectFrom('member').select(['subject', 'groups']).execute()
  expect(members).toEqual([{ subject: 'ada', groups: ['officers', 'everybody'] }])
})

test('SIGN-ON-PYSAML2 the guide says of this provider what was tried, and nothing else', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../../../docs/guide/sign-on.md'), 'utf8')
  const told = guide
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .flatMap(([, row = '', , , of = '']) => (/^SIGN-ON/.test(of) ? [`${row}: ${of}`] : []))
  const tried = Object.values(cases).flatMap(({ row, says }) =>
    row === undefined ? [] : [`${row}: ${says}`],
  )
  // Each is brought a second time.
  expect(told.toSorted()).toEqual([...new Set([...tried, 'a second time: SIGN-ON-STATE'])].toSorted())
})
