import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseNote } from '../../apps/companion-server/src/audit/note.ts'
import { decodeItem, encodeItem } from '../../apps/companion-server/src/doors/kmip/codec/ttlv.ts'
import { readRequest } from '../../apps/companion-server/src/doors/kmip/message/request.ts'
import { itemFromJson, itemToJson } from '../../apps/companion-server/src/doors/kmip/text/json.ts'
import { itemFromXml, itemToXml } from '../../apps/companion-server/src/doors/kmip/text/xml.ts'
import { readEnvelopeHead } from '../../apps/companion-server/src/keys/envelope.ts'
import { parseJsonBody } from '../../apps/companion-server/src/platform/http/json-body.ts'
import { patched } from '../../apps/companion-server/src/sign-on/scim/patch.ts'
import { pageOf } from '../../apps/companion-server/src/sign-on/scim/resource.ts'
import { encodeManifest, parseManifest } from '../../packages/ceremony/src/bundle/dsse.ts'
import { readZip } from '../../packages/ceremony/src/bundle/zip-reader.ts'
import * as documents from '../../packages/ceremony/src/exports/documents.ts'
import { readPlan } from '../../packages/ceremony/src/plan/read.ts'
import { parseValues, readScript } from '../../packages/ceremony/src/plan-check/script.ts'
import { encodePolicyFile, parsePolicyFile } from '../../packages/ceremony/src/policy/check.ts'
import { readDraft } from '../../packages/ceremony/src/script-draft/draft.ts'
import { encodeTranscript, parseTranscript } from '../../packages/ceremony/src/transcript/jsonl.ts'
import { encodeMedium, parseMedium } from '../../packages/crypto/src/backup/sealed-medium.ts'
import { readShare } from '../../packages/crypto/src/backup/share-words.ts'
import { encodeCanonical, parseCanonical } from '../../packages/crypto/src/canonical-json.ts'
import { accept, refuse } from '../../packages/crypto/src/outcome.ts'
import { encodeDocument, parseDocument } from '../../packages/crypto/src/sign/document.ts'
import { fromBase45, toBase45 } from '../../packages/crypto/src/transport/base45.ts'
import { openEnvelopeText } from '../../packages/crypto/src/transport/envelope.ts'
import { frameText, parseFrame } from '../../packages/crypto/src/transport/frame.ts'
import {
  type PayloadType,
  packFiles,
  payloadTypes,
  unpackFiles,
} from '../../packages/crypto/src/transport/payload-types.ts'
import { formats } from '../../packages/crypto/test/fhe/formats.ts'
import { readCertificates, reading } from '../../packages/hsm/src/evidence/certificate.ts'
import { Forms } from '../../packages/hsm/src/host/forms.ts'
import { FrameReader, FrameWriter, parcel } from '../../packages/hsm/src/host/frames.ts'
import { readNeeds } from '../../packages/hsm/src/pkcs11/library/elf.ts'
import { parseTokenUri } from '../../packages/hsm/src/token-uri.ts'
import { parseHeldShare } from '../../packages/people/src/holder/share-file.ts'
import { parsePersonKey } from '../../packages/people/src/person-key.ts'
import { parseMemory } from '../../packages/people/src/signer/witness-memory.ts'
import { root } from '../root.ts'
import { answers } from './answers.ts'
import { held, library, medium, pasted, sealed, witnessKey } from './seeds.ts'
import { bytesOf, returning, type Target, textOf, throwing } from './target.ts'

const fileOf = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(root, ...path)))
const vectors = (name: string): unknown => JSON.parse(textOf(fileOf('packages/ceremony/vectors', name)))
const history = 'packages/ceremony/history/0.1.0'
const most = { maxBytes: 1 << 20 }
const given = <T>(value: T | null): ReturnType<typeof accept<T>> | ReturnType<typeof refuse> =>
  value === null ? refuse('NOTHING', 'it is none') : accept(value)

/** Entries of the bundle that the repository keeps, which are stored without compression. */
function inBundle(): Map<string, Uint8Array> {
  const zip = Buffer.from(fileOf(history, 'bundle.zip'))
  const header = Buffer.from([0x50, 0x4b, 3, 4])
  const entries = new Map<string, Uint8Array>()
  for (let at = zip.indexOf(header); at >= 0; at = zip.indexOf(header, at + 4)) {
    const names = zip.readUInt16LE(at + 26)
    const begin = at + 30 + names + zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 30, at + 30 + names)
    entries.set(name, new Uint8Array(zip.subarray(begin, begin + zip.readUInt32LE(at + 18))))
  }
  return entries
}
const entry = (name: string): Uint8Array[] => [inBundle().get(name) ?? new Uint8Array()]
const entries = (): Uint8Array[] => [...inBundle().values()]

/** Canonical texts of the known answers. */
const knownAnswers = (): Uint8Array[] =>
  Object.values(vectors('version3.json') as Record<string, { canonical?: string }>).flatMap(
    ({ canonical }) => (canonical === undefined ? [] : [bytesOf(canonical)]),
  )

type AnyCodec = documents.Codec<unknown>
const isCodec = (value: unknown): value is AnyCodec =>
  typeof value === 'object' && value !== null && 'parse' in value && 'encode' in value
/** Every document that people or programs sign, by its name. */
const codecs: readonly AnyCodec[] = Object.values(documents).flatMap((value): AnyCodec[] => {
  if (isCodec(value)) return [value]
  if (typeof value !== 'object' || value === null || !('payload' in value) || !('file' in value)) return []
  return [value.payload, value.file].filter(isCodec)
})

const user = {
  ...{ id: 'u1', userName: 'ada@example.org', externalId: null, displayName: 'Ada', active: true },
  ...{ name: { givenName: 'Ada' }, emails: [{ value: 'ada@example.org', primary: true }] },
}
const kmipJson = JSON.stringify({
  tag: 'RequestMessage',
  value: [
    {
      tag: 'RequestHeader',
      value: [
        {
          tag: 'ProtocolVersion',
          value: [
            { tag: 'ProtocolVersionMajor', type: 'Integer', value: 2 },
            { tag: 'ProtocolVersionMinor', type: 'Integer', value: 1 },
          ],
        },
        { tag: 'BatchCount', type: 'Integer', value: 1 },
      ],
    },
    {
      tag: 'BatchItem',
      value: [
        { tag: 'Operation', type: 'Enumeration', value: 'Query' },
        {
          tag: 'RequestPayload',
          value: [{ tag: 'QueryFunction', type: 'Enumeration', value: 'QueryOperations' }],
        },
      ],
    },
  ],
})
const scimFilters = ['userName eq "ada"', 'active eq true and (id pr or not (emails.value co "x"))']

const sample = { v: 1, name: 'Ada', list: [1, null, true, 'x'], deep: { a: '\u00e9' } }
const session = new Uint8Array(8).fill(7)
const allTypes = Object.keys(payloadTypes) as PayloadType[]

async function unzipped(bytes: Uint8Array): Promise<boolean> {
  const { ok } = await readZip({
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
  })
  return ok
}

function framesOf(bytes: Uint8Array): unknown {
  const reader = new FrameReader('copied')
  // In two pieces: a pipe cuts where it likes.
  const [cut = 0] = bytes
  const rest = Buffer.from(bytes.subarray(1))
  return [...reader.push(Buffer.from(rest.subarray(0, cut))), ...reader.push(Buffer.from(rest.subarray(cut)))]
}

function sentFrame(): Uint8Array {
  const writer = new FrameWriter()
  writer.add(parcel(new Forms(), 1, { call: 'sign', args: [new Uint8Array([1, 2, 3]), 'x', null, 5] }))
  let sent = new Uint8Array()
  writer.send((bundle) => {
    sent = new Uint8Array([200, ...bundle])
    return true
  })
  return sent
}

const scripts = (): Uint8Array[] =>
  readdirSync(join(root, 'resources/scripts'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => fileOf('resources/scripts', name))

const fhe = Object.fromEntries(
  Object.entries(formats).map(([name, parse]): [string, Target] => [
    `fhe-${name}`,
    throwing({
      parse: (bytes) => ({ bytes, again: parse(bytes) }),
      encode: ({ bytes, again }) => again ?? bytes,
      // Files of a bundle, and the spoilt ones that are known answers.
      seeds: () => [
        ...entries(),
        ...(
          JSON.parse(textOf(fileOf('packages/crypto/vectors/fhe-corpus', `${name}.json`))) as {
            bytes: string
          }[]
        ).map(({ bytes }) => new Uint8Array(Buffer.from(bytes, 'base64'))),
      ],
    }),
  ]),
)

/** Each parser of bytes from outside, by its name. */
export const targets: Readonly<Record<string, Target>> = {
  ...fhe,
  ...answers,
  'canonical-json': throwing({
    parse: (bytes) => parseCanonical(bytes, most),
    encode: encodeCanonical,
    seeds: () => [encodeCanonical(sample)],
  }),
  'signed-document': throwing({
    parse: (bytes) => parseDocument(bytes, most),
    encode: encodeDocument,
    seeds: entries,
  }),
  documents: returning({
    // The first byte says as which document the rest is read.
    parse: (bytes) => (codecs[(bytes[0] ?? 0) % codecs.length] as AnyCodec).parse(bytes.subarray(1)),
    seeds: () =>
      [...entries(), ...knownAnswers()].flatMap((bytes) =>
        codecs.flatMap((codec, at) => (codec.parse(bytes).ok ? [new Uint8Array([at, ...bytes])] : [])),
      ),
  }),
  dsse: returning({
    parse: parseManifest,
    encode: ({ payload, signatures }) => encodeManifest(payload, signatures),
    seeds: () => entry('manifest.dsse.json'),
  }),
  zip: { run: unzipped, seeds: () => [fileOf(history, 'bundle.zip')] },
  transcript: returning({
    parse: parseTranscript,
    encode: ({ header, entries }) => encodeTranscript(header, entries),
    seeds: () => entry('transcript.jsonl'),
  }),
  plan: {
    run: (bytes) => readPlan(bytes).ok,
    seeds: () => [bytesOf((vectors('version3.json') as { plan: { text: string } }).plan.text)],
  },
  script: { run: (bytes) => readScript(bytes).ok, seeds: scripts },
  'script-values': { run: (bytes) => parseValues(bytes).ok, seeds: () => [bytesOf('people: 3\n')] },
  'script-draft': { run: (bytes) => readDraft(bytes).ok, seeds: scripts },
  policy: returning({
    parse: parsePolicyFile,
    encode: encodePolicyFile,
    seeds: () => [fileOf(history, 'policy.json')],
  }),
  'sealed-medium': returning({ parse: parseMedium, encode: encodeMedium, seeds: () => [medium()] }),
  'share-words': returning({
    parse: (bytes) => readShare(textOf(bytes)),
    seeds: () => [
      bytesOf(
        'duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke ajar critical decision keyboard',
      ),
    ],
  }),
  base45: throwing({
    parse: (bytes) => fromBase45(textOf(bytes), 4096),
    encode: (value) => bytesOf(toBase45(value)),
    seeds: () => [bytesOf(toBase45(bytesOf('Lux Custody')))],
  }),
  'qr-frame': returning({
    parse: (bytes) => parseFrame(textOf(bytes)),
    seeds: () => [bytesOf(frameText({ type: 1, session, length: 16, symbolSize: 16 }, new Uint8Array(20)))],
  }),
  'pasted-text': returning({
    parse: (bytes) => openEnvelopeText(textOf(bytes), allTypes),
    seeds: () => [pasted()],
  }),
  'packed-files': returning({
    parse: unpackFiles,
    encode: packFiles,
    seeds: () => [packFiles([bytesOf('one'), bytesOf('two')])],
  }),
  'person-key': returning({ parse: parsePersonKey, seeds: () => [witnessKey()] }),
  'held-share': returning({ parse: parseHeldShare, seeds: () => [held()] }),
  'witness-memory': returning({ parse: parseMemory, seeds: () => [encodeCanonical({})] }),
  certificates: returning({
    parse(bytes) {
      const read = reading(() => readCertificates(bytes))
      return 'rule' in read ? refuse(read.rule, read.detail) : accept(read)
    },
    seeds: () =>
      ['yubihsm-root.pem', 'luna-ecc-root.pem'].map((name) =>
        fileOf('packages/hsm/vectors/attestation', name),
      ),
  }),
  elf: throwing({ parse: (bytes) => readNeeds(Buffer.from(bytes)), seeds: () => [library()] }, [RangeError]),
  'token-uri': {
    run: (bytes) => parseTokenUri(textOf(bytes)).ok,
    seeds: () => [bytesOf('pkcs11:serial=1;token=a%20b?module-path=/a.so&pin-source=file:/p')],
  },
  'token-frames': throwing({ parse: framesOf, seeds: () => [sentFrame()] }, [RangeError]),
  ttlv: returning({
    parse: (bytes) => decodeItem(bytes),
    encode: encodeItem,
    seeds: () => [encodeItem(itemFromJson(kmipJson))],
  }),
  'kmip-request': returning({
    parse(bytes) {
      const item = decodeItem(bytes)
      return item.ok ? readRequest(item.value) : item
    },
    seeds: () => [encodeItem(itemFromJson(kmipJson))],
  }),
  'kmip-json': throwing({
    // Another spelling of the same item is taken, so what was read is read again.
    parse: (bytes) => itemFromJson(itemToJson(itemFromJson(textOf(bytes)))),
    seeds: () => [bytesOf(kmipJson)],
  }),
  'kmip-xml': throwing({
    parse: (bytes) => itemFromXml(itemToXml(itemFromXml(textOf(bytes)))),
    seeds: () => [bytesOf(itemToXml(itemFromJson(kmipJson)))],
  }),
  'scim-filter': returning({
    parse: (bytes) => pageOf([user], { filter: textOf(bytes), startIndex: 1, count: 10 }),
    seeds: () => scimFilters.map(bytesOf),
  }),
  'scim-patch': returning({
    parse(bytes) {
      let body: unknown
      try {
        body = parseJsonBody(textOf(bytes))
      } catch (error) {
        if (error instanceof SyntaxError) return refuse('JSON', 'no JSON')
        throw error
      }
      return patched('User', user, body)
    },
    seeds: () => [
      bytesOf('{"Operations":[{"op":"replace","path":"emails[primary eq true].value","value":"a@b.c"}]}'),
      bytesOf('{"Operations":[{"op":"add","value":{"displayName":"x","active":false}}]}'),
    ],
  }),
  'json-body': throwing(
    {
      parse: (bytes) => parseJsonBody(textOf(bytes)),
      seeds: () => [bytesOf('{"a":[1,"\\"x"],"b":{"c":null}}')],
    },
    [SyntaxError],
  ),
  'signed-note': returning({
    parse: (bytes) => given(parseNote(textOf(bytes))),
    seeds: () => [
      bytesOf(
        `a.example/log\n5\n${Buffer.alloc(32).toString('base64')}\n\n\u2014 a.example ${Buffer.alloc(68).toString('base64')}\n`,
      ),
    ],
  }),
  'key-envelope': returning({ parse: readEnvelopeHead, seeds: () => [sealed()] }),
}
