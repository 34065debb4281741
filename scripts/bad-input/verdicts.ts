import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Case, type Json, spoiltBytes, spoiltJson, spoiltLines } from './corpus.ts'

/** What a hostile input was, and what is said of it: the checks that failed, the rules that refuse, or `taken`. */
export type Verdict = { name: string; verdict: string }

const here = fileURLToPath(new URL('../../', import.meta.url))
const file = (path: string) => new Uint8Array(readFileSync(join(here, path)))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** What the code before version 2 of the formats said (commit c2f4962). */
export function frozenVerdicts(): Verdict[] {
  return JSON.parse(text(file('scripts/bad-input/c2f4962.json')))
}

/** Where it broke off in place of a verdict; each is mended, and refused since by this rule. */
export const mended: Readonly<Record<string, string>> = { 'threw RangeError': 'REQUEST-MALFORMED' }

/** Every input of which another thing is said than was. */
export function apart(before: readonly Verdict[], after: readonly Verdict[]): string[] {
  const names = new Set([...before, ...after].map(({ name }) => name))
  const byName = (all: readonly Verdict[]) => {
    const said = Map.groupBy(all, ({ name }) => name)
    return (name: string) =>
      (said.get(name) ?? []).map(({ verdict }) => mended[verdict] ?? verdict).join('; ')
  }
  const [old, now] = [byName(before), byName(after)]
  return [...names].flatMap((name) => {
    const [was, is] = [old(name), now(name)]
    return was === is || sinceVersion3(name, was, is) ? [] : [`${name}: ${was} -> ${is}`]
  })
}

/** There was no version 3: a document that says so, and has nothing that only earlier ones have, is one since. */
const sinceVersion3 = (name: string, was: string, is: string): boolean =>
  name.endsWith(': v is 3') && was.replace('CARD-MALFORMED', 'taken') === is

/**
 * The verdicts of a checkout's code on one corpus of hostile bundles, plans, cards, policies, documents, keys and ciphertexts. The corpus
 * comes from the bundle of release 0.1.0 and the vectors, so it is the same for any checkout. Bundles take most of the time.
 */
export async function badInputVerdicts(
  checkout: string,
  { withBundles = true }: { withBundles?: boolean } = {},
): Promise<Verdict[]> {
  // Typed as this checkout's, of which the other one has the same exports.
  function load<T>(name: 'ceremony' | 'crypto', door: string): Promise<T> {
    const folder = join(resolve(checkout), 'packages', name)
    const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return import(pathToFileURL(join(folder, exports[door])).href)
  }
  const bundles = await load<typeof import('@lux/ceremony/bundle')>('ceremony', './bundle')
  const plans = await load<typeof import('@lux/ceremony/plan')>('ceremony', './plan')
  const policies = await load<typeof import('@lux/ceremony/policy')>('ceremony', './policy')
  const documents = await load<typeof import('@lux/ceremony/wire')>('ceremony', './wire')
  const transcripts = await load<typeof import('@lux/ceremony/transcript')>('ceremony', './transcript')
  const crypto = await load<typeof import('@lux/crypto')>('crypto', '.')
  const fhe = await load<typeof import('@lux/crypto/fhe')>('crypto', './fhe')

  const bundle = file('packages/ceremony/history/0.1.0/bundle.zip')
  const policyBytes = file('packages/ceremony/history/0.1.0/policy.json')
  const policy = policies.parsePolicyFile(policyBytes)
  if (!policy.ok) throw new Error(policy.detail)
  const encode = (value: Json) => crypto.encodeCanonical(value)
  const spoilt = (value: Json, count: number, name: string): Case[] =>
    spoiltJson(value, count, name).map((one) => ({ name: one.name, bytes: encode(one.value) }))
  const rule = (outcome: { ok: true } | { ok: false; rule: string }) => (outcome.ok ? 'taken' : outcome.rule)
  const found: Verdict[] = []
  const judge = (cases: readonly Case[], say: (bytes: Uint8Array) => string) => {
    for (const { name, bytes } of cases) found.push({ name, verdict: orThrown(() => say(bytes)) })
  }

  const readerOf = (bytes: Uint8Array) => ({
    size: bytes.length,
    read: async (offset: number, length: number) => bytes.slice(offset, offset + length),
  })
  const whole = await bundles.verifyBundle(readerOf(bundle), { policy: policy.value })
  const { contents } = whole
  if (contents === null || whole.verdict !== 'accepted') throw new Error(`the bundle is ${whole.verdict}`)
  const zip = await zipOf(bundles.writeZip, crypto.sha256Hex)
  const spoiltOnes = withBundles
    ? [...spoiltBytes(bundle, 100, 'bundle'), ...(await spoiltBundles(bundle, zip, encode))]
    : []
  for (const { name, bytes } of spoiltOnes) {
    const { failed } = await bundles.verifyBundle(readerOf(bytes), { policy: policy.value })
    found.push({ name, verdict: failed.join(' ') || 'taken' })
  }

  const blob = async (digest: string) => {
    const read = await contents.read(digest, 16 << 20)
    if (!read.ok) throw new Error(read.detail)
    return read.value
  }
  const json = async (digest: string) => JSON.parse(text(await blob(digest))) as Json
  const { predicate } = contents
  const plan = text(await blob(predicate.planHash))
  judge(
    [...spoiltLines(plan, 150, 'plan'), ...spoiltBytes(await blob(predicate.planHash), 60, 'plan')],
    (bytes) => {
      const read = plans.readPlan(bytes)
      // That no run of an earlier version is begun any more says nothing of the plan.
      const refusals = read.ok
        ? plans.lintPlan(read.plan).filter((one) => one.rule !== 'PLAN-79')
        : read.refusals
      return (
        refusals.map((one) => `${one.rule}${one.step === '' ? '' : ` ${one.step}`}`).join(', ') || 'taken'
      )
    },
  )
  for (const [at, digest] of predicate.cards.entries()) {
    judge(spoilt(await json(digest), 6, `card ${at}`), (bytes) => {
      const card = documents.cardCodec.parse(bytes)
      const server = documents.serverCardCodec.parse(bytes)
      return `${card.ok ? rule(documents.checkRenewalSignature(card.value)) : card.rule} ${rule(server)}`
    })
  }
  const signed: readonly [
    string,
    string,
    { parse(bytes: Uint8Array): { ok: true } | { ok: false; rule: string } },
  ][] = [
    ['opening', predicate.opening, documents.openingCodec.file],
    ['checkpoint', predicate.checkpoints[0]?.blob ?? '', transcripts.checkpointCodec.file],
    ['exception', predicate.exceptions[0]?.blob ?? '', documents.exceptionCodec.file],
    ['lock', predicate.lock ?? '', documents.planLockCodec],
    [
      'acknowledgement',
      predicate.fhe?.holders[0]?.acknowledgement ?? '',
      documents.acknowledgementCodec.file,
    ],
    ['request package', predicate.decryptions[0]?.package ?? '', documents.requestPackageCodec],
    ['answer', predicate.decryptions[0]?.answers[0]?.document ?? '', documents.holderAnswerCodec.file],
    ['result', predicate.decryptions[0]?.result ?? '', documents.decryptionResultCodec.file],
    ['re-deal', predicate.next?.redeals[0]?.document ?? '', documents.redealCodec.file],
  ]
  for (const [name, digest, codec] of signed)
    judge(spoilt(await json(digest), 30, name), (bytes) => rule(codec.parse(bytes)))
  judge(spoilt(JSON.parse(text(policyBytes)) as Json, 120, 'policy'), (bytes) => {
    const read = policies.parsePolicyFile(bytes)
    return read.ok ? rule(policies.checkPolicy(read.value)) : read.rule
  })

  const native = 'packages/crypto/vectors/native'
  const parsers: Record<string, (bytes: Uint8Array) => unknown> = {
    'client-key': fhe.parseClientKey,
    'compact-public-key': fhe.parseCompactPublicKey,
    'binary-key': fhe.parseBinaryKey,
    ciphertext: fhe.parseCiphertext,
    'any-ciphertext': fhe.readCiphertext,
    carried: fhe.parseCarried,
    share: fhe.parseShare,
    public: fhe.parsePublic,
    partial: fhe.parsePartial,
    correction: fhe.parseCorrection,
    seeds: fhe.parseSeedFile,
    envelope: fhe.parseShareEnvelope,
    provenance: fhe.parseProvenance,
    'proven-list': fhe.parseProvenList,
    inspect: fhe.inspect,
  }
  const parsed = (format: string) => (bytes: Uint8Array) => {
    try {
      parsers[format]?.(bytes)
      return 'taken'
    } catch (error) {
      if (error instanceof crypto.FormatError) return error.rule
      throw error
    }
  }
  for (const [path, format, count] of [
    ['client-key.bin', 'client-key', 40],
    ['compact-public-key.bin', 'compact-public-key', 40],
    ['2of3/holder-1.bin', 'share', 80],
    ['2of3/public.bin', 'public', 40],
    ['results/both-bool.squashed.bin', 'any-ciphertext', 40],
    ['results/sum-u8.squashed.bin', 'any-ciphertext', 40],
    ['results/sum-u8.provenance.json', 'provenance', 40],
  ] as const)
    judge(spoiltBytes(file(`${native}/${path}`), count, path), parsed(format))
  const corpus = 'packages/crypto/vectors/fhe-corpus'
  for (const list of readdirSync(join(here, corpus)).filter((name) => name.endsWith('.json')))
    for (const one of JSON.parse(text(file(`${corpus}/${list}`))) as {
      format: string
      why: string
      bytes: string
    }[])
      judge(
        [{ name: `${one.format}: ${one.why}`, bytes: Buffer.from(one.bytes, 'base64') }],
        parsed(one.format),
      )
  return found
}

/** What is said, or that the reader broke off, which nothing from outside may bring about. */
function orThrown(say: () => string): string {
  try {
    return say()
  } catch (error) {
    return `threw ${error instanceof Error ? error.name : typeof error}`
  }
}

type Write = typeof import('@lux/ceremony/bundle').writeZip

/** A bundle of files, by the writer of a checkout: its form follows from the content alone. */
async function zipOf(write: Write, sha256Hex: (bytes: Uint8Array) => string) {
  return async (files: readonly [string, Uint8Array][]): Promise<Uint8Array> => {
    const sources = files.map(([name, bytes]) => ({
      name,
      size: bytes.length,
      sha256: sha256Hex(bytes),
      async *open() {
        yield bytes
      },
    }))
    const chunks: Uint8Array[] = []
    for await (const chunk of write(sources)) chunks.push(chunk)
    return Uint8Array.from(Buffer.concat(chunks))
  }
}

/** Bundles whose manifest or transcript says something else; the archive around them is in order. */
async function spoiltBundles(
  bundle: Uint8Array,
  zip: (files: readonly [string, Uint8Array][]) => Promise<Uint8Array>,
  encode: (value: Json) => Uint8Array,
): Promise<Case[]> {
  const [[manifestName, manifest], [transcriptName, transcript], ...blobs] = storedFiles(bundle)
  const envelope = JSON.parse(text(manifest)) as { payload: string; [name: string]: Json }
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Json
  const cases: Case[] = []
  for (const { name, value } of spoiltJson(statement, 110, 'statement')) {
    const payload = Buffer.from(encode(value)).toString('base64')
    const bytes = encode({ ...envelope, payload })
    cases.push({ name, bytes: await zip([[manifestName, bytes], [transcriptName, transcript], ...blobs]) })
  }
  for (const { name, bytes } of spoiltLines(text(transcript), 15, 'transcript'))
    cases.push({ name, bytes: await zip([[manifestName, manifest], [transcriptName, bytes], ...blobs]) })
  return cases
}

type Files = [[string, Uint8Array], [string, Uint8Array], ...[string, Uint8Array][]]

/** The files of an archive that stores each as it is: a header of 30 bytes, the name, the content. */
function storedFiles(bytes: Uint8Array): Files {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const files: [string, Uint8Array][] = []
  for (let at = 0; view.getUint32(at, true) === 0x04034b50; ) {
    const size = view.getUint32(at + 18, true)
    const start = at + 30 + view.getUint16(at + 26, true)
    files.push([text(bytes.subarray(at + 30, start)), bytes.subarray(start, start + size)])
    at = start + size
  }
  const [manifest, transcript, ...blobs] = files
  if (manifest === undefined || transcript === undefined) throw new Error('no bundle')
  return [manifest, transcript, ...blobs]
}

// node scripts/bad-input/verdicts.ts [CHECKOUT]: the verdicts of a checkout, this one by default, as JSON.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const verdicts = await badInputVerdicts(process.argv[2] ?? here)
  process.stdout.write(`[\n${verdicts.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`)
}
