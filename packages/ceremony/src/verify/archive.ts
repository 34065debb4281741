import { concatBytes, createSha256, sha256Hex, toHex, utf8 } from '@lux/crypto'
import { createCrc32 } from '../bundle/crc32.ts'
import { parseManifest } from '../bundle/dsse.ts'
import { namedBlobs } from '../bundle/predicate.ts'
import { maxPayload, type Statement, statementCodec } from '../bundle/statement.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { blobName, manifestName, transcriptName, type ZipEntry } from '../bundle/zip-layout.ts'
import { readEntry, readZip } from '../bundle/zip-reader.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { compareHeads, verifyTranscript } from '../transcript/verify.ts'

/** The archive's headers and its manifest; no other content is read. */
export async function openArchive(v: Verification): Promise<void> {
  await v.ledger.run('ZIP-PROFILE', async () => {
    const archive = await readZip(v.reader)
    if (!archive.ok) return archive
    for (const entry of archive.value.entries) v.entries.set(entry.name, entry)
    return accept(`${archive.value.entries.length} files, ${v.reader.size} bytes`)
  })
  await v.ledger.run('MANIFEST', () => openManifest(v))
}

/** Digests, references and the transcript's fold: one pass over the whole content. */
export async function checkContent(v: Verification): Promise<void> {
  if (!v.ledger.passed('MANIFEST')) return
  await v.ledger.run('MANIFEST-ENTRIES', () => compareEntries(v, required(v.statement)))
  if (!v.ledger.passed('MANIFEST-ENTRIES')) return
  await readContent(v, required(v.statement))
  await v.ledger.run('BLOB-REFERENCES', () => compareReferences(v))
  await v.ledger.run('TRANSCRIPT-ROOT', () => {
    const { predicate, run } = v
    const same = compareHeads(run.head, predicate.transcript)
    return same.ok ? accept(`${run.head.size} entries`) : same
  })
}

async function openManifest(v: Verification): Promise<Outcome<string>> {
  const entry = required(v.entries.get(manifestName) ?? null)
  if (entry.size > 2 * maxPayload) return refuse('MANIFEST-MALFORMED', 'the manifest is too long')
  const bytes = new Uint8Array(entry.size)
  const crc = createCrc32()
  let at = 0
  for await (const chunk of readEntry(v.reader, entry)) {
    bytes.set(chunk, at)
    crc.update(chunk)
    at += chunk.length
  }
  recordCrc(v, entry, crc.value())
  const manifest = parseManifest(bytes)
  if (!manifest.ok) return manifest
  const statement = statementCodec.parse(manifest.value.payload)
  if (!statement.ok) return statement
  v.manifest = manifest.value
  v.statement = statement.value
  return accept(`bundle digest ${sha256Hex(manifest.value.payload)}`)
}

function compareEntries(v: Verification, { subject }: Statement): Outcome<string> {
  const [, ...files] = v.entries.values()
  if (files.length !== subject.length) {
    return refuse('MANIFEST-ENTRIES', `${files.length} files, ${subject.length} in the manifest`)
  }
  for (const [index, { name }] of files.entries()) {
    const listed = subject[index]
    if (listed?.name !== name)
      return refuse('MANIFEST-ENTRIES', `${name} is not the manifest's file ${index + 1}`)
    const blob = listed.name === transcriptName ? null : listed.digest.sha256
    if (blob !== null && listed.name !== blobName(blob)) {
      return refuse('MANIFEST-ENTRIES', `${name} is listed with another digest than its name's`)
    }
  }
  return accept(`${subject.length} files`)
}

async function readContent(v: Verification, { subject, predicate }: Statement): Promise<void> {
  const envelopes = new Set((predicate.fhe?.holders ?? []).map(({ envelope }) => envelope))
  const statements = (predicate.attestations ?? []).flatMap(({ statement }) => statement ?? [])
  const sizes = [...predicate.checkpoints, ...predicate.exceptions, ...statements].map(({ size }) => size)
  const chain = verifyTranscript(new Set(sizes))
  let chained: Outcome<unknown> = accept(null)
  for (const { name, digest, annotations } of subject) {
    const entry = required(v.entries.get(name) ?? null)
    const hash = createSha256()
    const crc = createCrc32()
    const scan = secretScan()
    for await (const chunk of readEntry(v.reader, entry)) {
      hash.update(chunk)
      crc.update(chunk)
      if (name !== transcriptName) scan.push(chunk)
      else if (chained.ok) chained = chain.push(chunk)
    }
    recordCrc(v, entry, crc.value())
    const id = name === transcriptName ? 'TRANSCRIPT-DIGEST' : 'BLOB-DIGEST'
    const same = toHex(hash.digest()) === digest.sha256 && annotations.size === String(entry.size)
    v.ledger.record(id, same ? accept('') : refuse(id, `${name}: size or digest is another`))
    const secret = envelopes.has(digest.sha256) ? 'a share envelope' : scan.found()
    if (secret !== null) v.ledger.record('FHE-WHOLE-KEY', refuse('FHE-WHOLE-KEY', `${name} is ${secret}`))
  }
  // Blobs were all looked at above; with none there is nothing to find.
  v.ledger.record('BLOB-DIGEST', accept(`${subject.length - 1} blobs`))
  v.ledger.record('FHE-WHOLE-KEY', accept(''))
  await v.ledger.run('TRANSCRIPT-CHAIN', () => {
    if (!chained.ok) return chained
    const ended = chain.end()
    if (!ended.ok) return ended
    v.transcript = ended.value
    if (ended.value.header.ceremonyId !== predicate.ceremonyId) {
      return refuse('TRANSCRIPT-CHAIN', 'the transcript is of another ceremony than the manifest')
    }
    return accept(`${ended.value.head.size} entries`)
  })
}

function compareReferences(v: Verification): Outcome<string> {
  const named = namedBlobs(v.predicate)
  for (const digest of named) {
    if (!v.entries.has(blobName(digest))) return refuse('BLOB-REFERENCES', `${digest} is named but not there`)
  }
  for (const name of v.entries.keys()) {
    if (name.startsWith('blobs/') && !named.has(name.slice('blobs/'.length))) {
      return refuse('BLOB-REFERENCES', `${name} is there but nothing names it`)
    }
  }
  return accept(`${named.size} blobs`)
}

function recordCrc(v: Verification, { name, crc }: ZipEntry, computed: number): void {
  v.ledger.record('ZIP-CRC', crc === computed ? accept('') : refuse('ZIP-CRC', `${name}: the CRC is another`))
}

// The name in the header of a client key that tfhe wrote with safe_serialize.
const clientKey = utf8('high_level_api::ClientKey')
const share = utf8('lux-shr1')

/** Looks for a whole FHE key or a bare share in a blob as its chunks go by. */
function secretScan(): { push(chunk: Uint8Array): void; found(): string | null } {
  let tail: Uint8Array = new Uint8Array()
  let first = true
  let found: string | null = null
  return {
    push(chunk) {
      if (found !== null) return
      const window = concatBytes(tail, chunk)
      if (includes(window, clientKey)) found = 'an FHE client key'
      if (first && startsWith(chunk, share)) found = 'a share in the clear'
      if (first && isBooleanClientKey(chunk)) found = 'a Boolean FHE client key'
      first = false
      tail = window.slice(-clientKey.length + 1)
    },
    found: () => found,
  }
}

/** bincode of a tfhe BooleanClientKey starts with u64 n and n words of 0 or 1, see @lux/crypto binary-key.ts. */
function isBooleanClientKey(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const n = view.getBigUint64(0, true)
  if (n < 64n || n > 65_536n || bytes.length < 8 + 4 * Number(n)) return false
  for (let i = 0; i < Number(n); i++) if (view.getUint32(8 + 4 * i, true) > 1) return false
  return true
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte)
}

function includes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const [head] = wanted
  if (head === undefined) return true
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) {
    if (startsWith(bytes.subarray(at, at + wanted.length), wanted)) return true
  }
  return false
}
