import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Grant } from '../../../src/access/authorize.ts'
import { answer } from '../../../src/doors/kmip/answer.ts'
import { nameOf } from '../../../src/doors/kmip/codec/enumerations.ts'
import { describeTag, tags } from '../../../src/doors/kmip/codec/tags.ts'
import { decodeItem, encodeItem, type Item } from '../../../src/doors/kmip/codec/ttlv.ts'
import { accept } from '../../../src/refusal.ts'
import { openMemoryKeys } from './support/memory-keys.ts'
import { type Element, readXml, toItem, Unknown } from './support/oasis-xml.ts'

type Case = { readonly set: string; readonly file: string; readonly xml: string }
type Verdict = {
  readonly verdict: 'passed' | 'not supported' | 'answers otherwise' | 'failed'
  readonly why: string
}

const cases: readonly Case[] = brotliDecompressSync(
  readFileSync(join(import.meta.dirname, '../../../vectors/kmip-cases.jsonl.br')),
)
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

const place = { organisation: 'o', project: 'p' }
const grants: readonly Grant[] = [
  { role: 'service', ...place },
  { role: 'crypto-officer', ...place },
]

/** What a server says of its own, or draws itself: whether it is there is compared, and not what it is. */
const itsOwn = new Set<number>(
  [
    ...(['TimeStamp', 'ResultMessage', 'ServerCorrelationValue', 'ClientCorrelationValue'] as const),
    ...(['VendorIdentification', 'ServerInformation', 'IVCounterNonce', 'SignatureData'] as const),
    ...(['AuthenticatedEncryptionTag', 'KeyMaterial', 'KeyValue', 'Digest'] as const),
  ].map((name) => tags[name]),
)

/** Rules by which the server says that it does not do what is asked. */
const unsupported =
  /KMIP-OPERATION|KMIP-FEATURE|KMIP-ALGORITHM|KMIP-OBJECT-TYPE|KMIP-FORMAT|KMIP-CREDENTIAL|KEY-EXPORT|CIPHER-PARAMETERS: the server draws|KEY-USAGE: it encrypts|a QueryFunction is none|KEY-USAGE: a key of algorithm/

/** What the server says nothing of, as the guide has it; and what Query lists of what it does not do. */
const untold =
  /^(attribute )?(Fresh|Lease ?Time|AttributeReference|Random ?Number ?Generator|ServerInformation|Operation|ObjectType) is missing$/

const oneState = 'a pair has one state here: its public half is never pre-active beside an active one'
const noSeed = 'another way to take a seed: this server uses nothing of it, as in CS-RNG-O-3'
/** Cases that one server cannot all pass, and one on a curve that nothing here has: why, and in what alone the answer differs. */
const others: readonly (readonly [RegExp, string, RegExp])[] = [
  [/^AKLC-M-1-/, oneState, /^KMIP-FEATURE: a public half is destroyed with its private one$/],
  [/^AKLC-M-2-/, oneState, /^step 4: attribute State is missing$/],
  [/^AKLC-M-3-/, oneState, /^step 7: AttributeValue is 4, expected 1$/],
  [/^CS-RNG-O-1-/, noSeed, /^step 0: DataLength is 0, expected 32$/],
  [/^CS-RNG-O-2-/, noSeed, /^step 0: DataLength is 0, expected 16$/],
  [/^CS-RNG-O-4-/, noSeed, /^step 0: ResultStatus is 0, expected 1$/],
  [
    /^CS-AC-M-3-ECC-/,
    'a key on secp256k1',
    /^step 0: InvalidField KEY-MATERIAL: 135 bytes are no key of algorithm ECC_NIST_P256$/,
  ],
]

/** Why a case is not supported, in the guide's words. Each case has one of these. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/BlockCipherMode 2 /, 'AES in ECB mode, in which equal blocks stay equal'],
  [/algorithm (2|24) of/, 'triple DES and Skipjack, which are too weak'],
  [/algorithm 3 of 192/, 'AES with 192 bits'],
  [/algorithm (28|30) of/, 'ChaCha20'],
  [/algorithm 4 of 1024|secp256k1/, 'RSA with 1024 bits, and secp256k1'],
  [/object of type [136] /, 'public keys, certificates and templates that a client registers'],
  [/RSA_2048 is for/, 'encryption by RSA'],
  [/aes-128-gcm is for/, 'an HMAC under an AES key: a key has one use'],
  [
    /^Operation is missing|operation (9|39|44) /,
    'an operation that is not in the table above: Check, Hash, Log, or one that Query has to list',
  ],
  [/one state/, 'halves of a pair in two states'],
  [
    /Fresh|Lease|AttributeReference is missing|names Software|Random ?Number/,
    'the attributes Fresh, Lease Time and Random Number Generator',
  ],
  [
    /attribute (Process|Protect|Deactivation|Usage|Protection)/,
    'dates to come at which a key changes, and limits of its use',
  ],
  [/take a seed/, 'a seed that changes what is random'],
  [/nonce of GCM/, 'a GCM nonce of the client’s'],
  [/InitIndicator/, 'encryption in several messages'],
  [/not undone/, 'a batch that is undone'],
  [/KeyFormatType \d+ is not/, 'transparent RSA and DSA keys'],
  [/needs the cases|ObjectType is missing|ServerInformation is/, 'templates, and cases that need them'],
  [/PKCS_11Function/, 'PKCS #11 within KMIP'],
]

class Differs extends Error {}

const children = (item: Item | undefined): readonly Item[] => (item?.type === 'structure' ? item.value : [])
const child = (item: Item | undefined, name: keyof typeof tags): Item | undefined =>
  children(item).find(({ tag }) => tag === tags[name])

/** Of 1.x, which was found by its name: of which format it is, the server chooses. */
const isDigest = ({ tag, type, value }: Item): boolean =>
  tag === tags.AttributeValue && type === 'structure' && value.some((one) => one.tag === tags.DigestValue)

/** Names of attributes are compared as sets: a server may know more of an object, and in another order. */
const listed = new Set<number>([
  tags.Attribute,
  tags.AttributeName,
  tags.AttributeReference,
  tags.UniqueIdentifier,
  tags.Operation,
  tags.ObjectType,
])

function compare(expected: Item, own: Item | undefined, uids: Map<string, string>): void {
  const name = describeTag(expected.tag)
  if (own === undefined || own.tag !== expected.tag) throw new Differs(`${name} is missing`)
  if (itsOwn.has(expected.tag) || isDigest(expected)) return
  if (expected.type !== own.type) throw new Differs(`${name} is of type ${own.type}`)
  if (expected.type === 'structure') {
    const left = [...children(own)]
    // What is encrypted under an IV that the server draws is another text each time.
    const drawn = child(expected, 'IVCounterNonce') !== undefined
    for (const one of expected.value) {
      if (drawn && one.tag === tags.Data && child(own, 'Data') !== undefined) continue
      const same = left.filter(({ tag }) => tag === one.tag)
      const fits = same.find((other) => {
        try {
          compare(one, other, uids)
          return true
        } catch (error) {
          if (error instanceof Differs) return false
          throw error
        }
      })
      if (fits === undefined) {
        if (
          (same.length === 1 && one.tag !== tags.AttributeName) ||
          (same.length > 0 && !listed.has(one.tag))
        )
          compare(one, same[0], uids)
        const attribute = child(one, 'AttributeName')
        const said =
          one.type === 'text-string' && one.tag === tags.AttributeName
            ? `attribute ${one.value}`
            : describeTag(one.tag)
        throw new Differs(`${attribute ? `attribute ${attribute.value}` : said} is missing`)
      }
      left.splice(left.indexOf(fits), 1)
    }
    return
  }
  if (expected.type === 'date-time') return
  if (expected.type === 'text-string' && expected.value.startsWith('$UNIQUE_IDENTIFIER')) {
    const known = uids.get(expected.value)
    if (known === undefined) uids.set(expected.value, String(own.value))
    else if (known !== own.value) throw new Differs(`${name} is another object`)
    return
  }
  if (expected.type === 'byte-string') {
    // Random bytes, and a placeholder for what was said before.
    if (expected.value.length === 0 || (expected.tag === tags.Data && uids.has('random'))) return
    if (Buffer.compare(expected.value, own.value as Uint8Array) !== 0) throw new Differs(`${name} differs`)
    return
  }
  if (expected.value !== own.value) throw new Differs(`${name} is ${own.value}, expected ${expected.value}`)
}

const said = (item: Item | undefined): string => {
  const reason = child(item, 'ResultReason')
  const text = reason === undefined ? '' : (nameOf('ResultReason', Number(reason.value)) ?? '')
  return `${text} ${child(item, 'ResultMessage')?.value ?? ''}`.trim()
}

const otherReason = (item: Item, own: Item | undefined): boolean =>
  child(item, 'ResultReason')?.value !== child(own, 'ResultReason')?.value

async function run({ xml, file }: Case): Promise<Verdict> {
  let clock = 1_700_000_500_000
  const now = () => new Date(clock)
  const memory = openMemoryKeys(now, { plainExport: true })
  const uids = new Map<string, string>(file.startsWith('CS-RNG-M') ? [['random', '']] : [])
  const filling = {
    now: Math.floor(clock / 1000),
    fill(name: string): string {
      const known = uids.get(name) ?? learned.get(name.replace(/_\d+$/, ''))
      if (known === undefined) throw new Unknown(name)
      return known
    },
  }
  /** What the answers said last of what later requests repeat. */
  const learned = new Map<string, string>()
  function learn(item: Item): void {
    for (const one of children(item)) learn(one)
    const name = { [tags.Data]: '$DATA', [tags.IVCounterNonce]: '$IV_COUNTER_NONCE' }[item.tag]
    const others = {
      [tags.SignatureData]: '$SIGNATURE_DATA',
      [tags.MACData]: '$MAC_DATA',
      [tags.AuthenticatedEncryptionTag]: '$AUTHENTICATED_ENCRYPTION_TAG',
    }[item.tag]
    const placeholder = name ?? others
    if (placeholder !== undefined && item.type === 'byte-string')
      learned.set(placeholder, Buffer.from(item.value).toString('hex'))
  }
  const parts = {
    keys: memory.keys,
    now,
    newReqId: () => 'r',
    roomFor: () => accept(null),
    fault: (error: unknown) => {
      throw error
    },
  }
  const client = { caller: { identity: 'client', grants }, ...place }
  const messages: Element[] = readXml(xml).flatMap(({ name, children: inner }) =>
    name === 'KMIP' || name === 'KmipTestCase' ? inner : [],
  )
  let step = 0
  for (let at = 0; at + 1 < messages.length; at += 2) {
    const [request, response] = [messages[at], messages[at + 1]]
    if (request?.name !== 'RequestMessage' || response?.name !== 'ResponseMessage')
      return { verdict: 'not supported', why: 'messages of another kind' }
    if (isInterop(request)) continue
    clock += 1000
    try {
      const answered = decodeItem(await answer(encodeItem(toItem(request, filling)), client, parts))
      if (!answered.ok) throw new Differs(answered.detail)
      // What has to be learned of the answer is left as it is.
      const expected = toItem(response, {
        ...filling,
        fill: (name) => (name.startsWith('$UNIQUE') ? name : ''),
      })
      learn(answered.value)
      const [wanted, got] = [expected, answered.value].map((one) =>
        children(one).filter(({ tag }) => tag === tags.BatchItem),
      )
      for (const [index, item] of (wanted ?? []).entries()) {
        const own = got?.[index]
        const words = said(own)
        const failed = child(item, 'ResultStatus')?.value !== 0
        if (unsupported.test(words) && (!failed || otherReason(item, own)))
          return { verdict: 'not supported', why: words.replace(/^\w+ /, '') }
        if (!failed && words !== '') throw new Differs(words)
        compare(
          { ...item, value: children(item).filter(({ tag }) => tag !== tags.ResultMessage) } as Item,
          own,
          uids,
        )
      }
    } catch (error) {
      if (error instanceof Unknown) return { verdict: 'not supported', why: `names ${error.message}` }
      if (error instanceof Differs) {
        const verdict = untold.test(error.message) ? 'answers otherwise' : 'failed'
        return { verdict, why: verdict === 'failed' ? `step ${step}: ${error.message}` : error.message }
      }
      throw error
    }
    step++
  }
  if (step === 0) return { verdict: 'failed', why: 'no step' }
  return { verdict: 'passed', why: '' }
}

/** By which a test program says which case it begins and ends: nothing of a case itself. */
const isInterop = ({ children: inner }: Element): boolean =>
  inner.some(
    ({ name, children: of }) =>
      name === 'BatchItem' && of.some((one) => one.name === 'Operation' && one.value === 'Interop'),
  )

const versionOf = (file: string): string => {
  const [, major, minor] = /-(\d)(\d)\.xml$/.exec(file) ?? []
  return `${major}.${minor}`
}

test('KMIP-CASES none of the OASIS profile cases fails, and the guide says how many pass in each version', async () => {
  const results: (Verdict & { readonly file: string; readonly version: string })[] = []
  for (const one of cases) {
    const { file } = one
    const version = versionOf(file)
    // The third of these asks for what the first two made.
    const first = /^(TL|SASED)-M-3-/.test(file)
    const before = results.filter(
      (other) => other.version === version && other.file.startsWith(file.slice(0, file.indexOf('-M-') + 3)),
    )
    const known = others.find(([pattern]) => pattern.test(file))
    const verdict: Verdict =
      first && before.some((other) => other.verdict !== 'passed')
        ? { verdict: 'not supported', why: 'it needs the cases before it' }
        : await run(one)
    // Run as the rest is: what it comes to is said as it is, and why. Where it differs in anything else, it has failed.
    const isKnown = known !== undefined && (known[2].test(verdict.why) || untold.test(verdict.why))
    const otherwise = verdict.verdict === 'failed' ? 'answers otherwise' : verdict.verdict
    results.push({
      file,
      version,
      ...verdict,
      ...(isKnown ? { verdict: otherwise, why: known[1] } : {}),
    })
  }
  expect(results).toHaveLength(314)
  expect(results.filter(({ verdict }) => verdict === 'failed')).toEqual([])
  const guide = readFileSync(join(import.meta.dirname, '../../../../../docs/guide/kmip-profiles.md'), 'utf8')
  const count = (version: string, verdict: Verdict['verdict']): number =>
    results.filter((one) => one.version === version && one.verdict === verdict).length
  const verdicts = ['passed', 'not supported', 'answers otherwise', 'failed'] as const
  const rows = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.1'].map((version) =>
    ['', version, ...verdicts.map((verdict) => count(version, verdict)), ''].join(' | ').trim(),
  )
  const named = results
    .filter(({ verdict }) => verdict === 'not supported' || verdict === 'answers otherwise')
    .map(({ file, why }) => {
      const found = reasons.filter(([pattern]) => pattern.test(why))
      expect([file, why, found.length]).toEqual([file, why, 1])
      return found[0]?.[1] ?? ''
    })
  const because = reasons.map(([, words]) => `| ${words} | ${named.filter((one) => one === words).length} |`)
  expect([...rows, ...because].filter((row) => !guide.includes(row))).toEqual([])
})
