import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import {
  type Archive,
  contentOf,
  readArchive,
  withFlippedByte,
  withTrailingByte,
} from '../support/archive.ts'
import { custody, jsonOf } from '../support/commands.ts'

let folder = ''
let bundle = ''
let policy = ''
let archive: Archive
let predicate: {
  planHash: string
  opening: string
  cards: string[]
  checkpoints: { blob: string }[]
  wrapTree: { blob: string | null }[]
  fhe: { public: string; compactPublicKey: string; serverKey: string; holders: { acknowledgement: string }[] }
}

beforeAll(async () => {
  folder = privateFolder('lux-flipped-')
  const run = join(folder, 'run')
  jsonOf(await custody('--json', 'rehearse', 'first-run', '--out', run))
  bundle = join(run, 'bundle.zip')
  policy = join(run, 'policy.json')
  archive = readArchive(bundle)
  const manifest = JSON.parse(contentOf(bundle, span('manifest.dsse.json')).toString())
  predicate = JSON.parse(Buffer.from(manifest.payload, 'base64').toString()).predicate
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function span(name: string) {
  const found = archive.entries.find((entry) => entry.name === name)
  if (found === undefined) throw new Error(`the bundle has no ${name}`)
  return found
}

const verify = () => custody('--json', 'verify', bundle, '--policy', policy)

/** Names of the checks that refuse the bundle as it stands; every one of them has to say why. */
async function refusedBy(): Promise<string[]> {
  const { verdict, code, failed, checks } = jsonOf(await verify(), 1) as {
    verdict: string
    code: string
    failed: string[]
    checks: { id: string; ok: boolean | null; detail: string }[]
  }
  expect(verdict).toBe('refused')
  expect(code).toBe(failed[0])
  expect(checks.filter(({ ok, detail }) => ok === false && detail === '')).toEqual([])
  return failed
}

/** Offset of the first byte of `text` in a file of the bundle. */
function textIn(name: string, text: string): number {
  const file = span(name)
  const at = contentOf(bundle, file).indexOf(text)
  if (at < 0) throw new Error(`${name} holds no ${text}`)
  return file.content + at
}

/** Offset of a byte inside a signature on the manifest whose flip leaves everything well formed but the value. */
function signatureByte(index: number): number {
  const file = span(manifest)
  const text = contentOf(bundle, file)
  const { sig } = JSON.parse(text.toString()).signatures[index]
  for (let at = 40; at < sig.length; at += 1) {
    const other = `${sig.slice(0, at)}${String.fromCharCode(sig.charCodeAt(at) ^ 1)}${sig.slice(at + 1)}`
    const [before, after] = [sig, other].map((one) => Buffer.from(one, 'base64'))
    if (before === undefined || after?.toString('base64') !== other) continue
    const place = before.findIndex((byte, i) => byte !== after[i])
    // One character of base64 may lie across two bytes, and then both change.
    const isValue = [before, after].every((bytes) =>
      /^[A-Za-z0-9+/]{16}$/.test(bytes.subarray(place - 8, place + 8).toString('latin1')),
    )
    if (isValue) {
      return file.content + text.indexOf(sig) + at
    }
  }
  throw new Error('no such byte')
}

/** Offset of a byte of the manifest's payload whose flip only changes one hex digit of the plan's hash. */
function planHashByte(): number {
  const file = span(manifest)
  const text = contentOf(bundle, file).toString()
  const { payload } = JSON.parse(text)
  const first = Buffer.from(payload, 'base64').indexOf(predicate.planHash)
  for (let at = Math.ceil((first * 4) / 3) + 4; at < Math.floor(((first + 60) * 4) / 3); at += 1) {
    const other = `${payload.slice(0, at)}${String.fromCharCode(payload.charCodeAt(at) ^ 1)}${payload.slice(at + 1)}`
    const changed = Buffer.from(other, 'base64')
    if (changed.toString('base64') !== other) continue
    if (/^[0-9a-f]{64}$/.test(changed.toString('latin1', first, first + 64))) {
      return file.content + text.indexOf(payload) + at
    }
  }
  throw new Error('no such byte')
}

const blob = (digest: string | null | undefined) => span(`blobs/${digest}`)
const middleOf = ({ content, size }: { content: number; size: number }) => content + (size >> 1)

const manifest = 'manifest.dsse.json'
const transcript = 'transcript.jsonl'

test('ZIP-PROFILE the bundle is accepted before and after all of this, so the flips alone are refused', async () => {
  expect(jsonOf(await verify())).toMatchObject({ verdict: 'accepted', failed: [] })
})

test.each<[string, string, () => number]>([
  ['a local header', 'ZIP-PROFILE', () => span(transcript).header + 10],
  ['the name in a local header', 'ZIP-PROFILE', () => span(transcript).header + 30],
  ['the central directory', 'ZIP-PROFILE', () => archive.directory + 12],
  ['the end record', 'ZIP-PROFILE', () => archive.end + 20],
  ['a CRC of a local header', 'ZIP-PROFILE', () => span(transcript).header + 14],
  ['the form of the payload of the manifest', 'MANIFEST', () => textIn(manifest, '"payload":"') + 11],
  ['a digest in the payload of the manifest', 'MANIFEST-SIGNATURES', planHashByte],
  ['the type of the manifest', 'MANIFEST', () => textIn(manifest, 'application/vnd.in-toto+json')],
  ['the form of a signature on the manifest', 'MANIFEST', () => textIn(manifest, '"sig":"') + 7],
  ['the value of the first signature on the manifest', 'MANIFEST-SIGNATURES', () => signatureByte(0)],
  ['the value of the last signature on the manifest', 'MANIFEST-SIGNATURES', () => signatureByte(2)],
  ['a line of the transcript', 'TRANSCRIPT-DIGEST', () => textIn(transcript, '"kind":"step.performed"') + 9],
  ['the plan', 'BLOB-DIGEST', () => middleOf(blob(predicate.planHash))],
  ['a card', 'BLOB-DIGEST', () => middleOf(blob(predicate.cards[0]))],
  ['the opening certificate', 'BLOB-DIGEST', () => middleOf(blob(predicate.opening))],
  ['a checkpoint', 'BLOB-DIGEST', () => middleOf(blob(predicate.checkpoints[0]?.blob))],
  [
    'a wrapped key',
    'BLOB-DIGEST',
    () => middleOf(blob(predicate.wrapTree.find((node) => node.blob !== null)?.blob)),
  ],
  [
    'a holder’s acknowledgement',
    'BLOB-DIGEST',
    () => middleOf(blob(predicate.fhe.holders[0]?.acknowledgement)),
  ],
  ['the public file of the threshold key', 'BLOB-DIGEST', () => middleOf(blob(predicate.fhe.public))],
  ['the compact public key', 'BLOB-DIGEST', () => middleOf(blob(predicate.fhe.compactPublicKey))],
  ['the server key', 'BLOB-DIGEST', () => middleOf(blob(predicate.fhe.serverKey))],
])('a byte flipped in %s is refused by %s', async (_section, check, at) => {
  await withFlippedByte(bundle, at(), async () => expect(await refusedBy()).toContain(check))
})

test('ZIP-PROFILE a byte after the end is refused', async () => {
  await withTrailingByte(bundle, async () => expect(await refusedBy()).toEqual(['ZIP-PROFILE']))
})

test('ZIP-PROFILE a byte before the beginning is refused', async () => {
  const whole = readFileSync(bundle)
  writeFileSync(bundle, Buffer.concat([Buffer.alloc(1), whole]))
  try {
    expect(await refusedBy()).toEqual(['ZIP-PROFILE'])
  } finally {
    writeFileSync(bundle, whole)
  }
})

test('ZIP-PROFILE the bundle is accepted again once every byte is back', async () => {
  expect(jsonOf(await verify())).toMatchObject({ verdict: 'accepted', failed: [] })
})
