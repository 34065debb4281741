import {
  canonicalString,
  encodeCanonical,
  type HybridSignature,
  identityId,
  type Json,
  type SigningIdentity,
  sha256Hex,
  signWith,
  utf8,
  verifySignature,
} from '@lux/crypto'
import {
  blobOf,
  predicateTypes,
  signBundle,
  statementType,
  verifyBundle,
  writeBundle,
} from '../../src/exports/bundle.ts'
import { signables, signatureContext } from '../../src/exports/documents.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { encodeTranscript, type FullEntry } from '../../src/exports/transcript.ts'
import { makePerson } from './people.ts'
import { memoryReader, type SampleBundle, type SampleOptions, sampleBundle } from './sample-bundle.ts'
import { samplePeople } from './sample-life.ts'
import type { Case } from './second-verifier.ts'
import { placesOf, withValue } from './version2.ts'

type Path = readonly (string | number)[]
type Map_ = { [key: string]: Json }

/** A bundle with one thing in it that is otherwise than in `kind`, and signed as it is. */
export type Mutation = { readonly kind: string; readonly what: string; readonly bundle: Case }

/** A sound bundle, opened: its small files by digest, and who can sign. */
export type Opened = {
  readonly kind: string
  readonly options: () => SampleOptions
  readonly sample: SampleBundle
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly plan: Json
  readonly people: ReadonlyMap<string, SigningIdentity>
}

export async function opened(kind: string, options: () => SampleOptions): Promise<Opened> {
  const sample = await sampleBundle(options())
  const { contents, verdict, failed } = await verifyBundle(memoryReader(sample.bytes), {
    policy: sample.policy,
  })
  if (contents === null || verdict !== 'accepted') throw new Error(`${kind} is not sound: ${failed.join()}`)
  const blobs = new Map<string, Uint8Array>()
  for (const { sha256, size } of contents.blobs) {
    const read = await contents.read(sha256, size)
    if (read.ok) blobs.set(sha256, read.value)
  }
  const others = samplePeople('production')
  const seated = [...contents.people.values()].map(({ kind, name }) => makePerson(kind, name, 'production'))
  const identities = [
    ...[...seated, ...others.approvers, others.requester, others.evaluator].map(({ identity }) => identity),
    ...[sample.ceremony, sample.server.receipt],
  ]
  return {
    kind,
    options,
    sample,
    blobs,
    plan: jsonOf(contents.plan),
    people: new Map(identities.map((one) => [identityId(one.keys), one])),
  }
}

const jsonOf = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json

/** What a value can be instead, by what was done to it. */
function instead(value: Json): [string, Json][] {
  if (Array.isArray(value)) {
    const [first, ...rest] = value
    if (first === undefined) return [['filled', ['x']]]
    const more: [string, Json][] = rest.length === 0 ? [] : [['reversed', value.toReversed()]]
    return [['without its first', rest], ['first twice', [first, ...value]], ...more]
  }
  if (value === null) return [['filled', 'x']]
  if (typeof value === 'object') return [['with a member more', { ...value, more: true }]]
  if (typeof value === 'boolean') return [['turned', !value]]
  if (typeof value === 'number') return [['raised', value + 1]]
  return [['changed', changedText(value)]]
}

/** Another text of the same form. */
function changedText(text: string): string {
  if (/^[0-9a-f]{8,}$/.test(text)) return `${text[0] === '0' ? '1' : '0'}${text.slice(1)}`
  if (/^\d{4}-.*Z$/.test(text)) return text.replace('2026', '2025').replace('2027', '2028')
  if (/^\d+$/.test(text)) return `${Number(text) + 1}`
  return `${text}x`
}

/** Everything that can be otherwise in a value, by its place. */
function mutated(value: Json, own: (path: Path, here: Json) => boolean = () => true): [string, Json][] {
  return placesOf(value).flatMap((path) => {
    const here = at(value, path)
    if (here === undefined || !own(path, here)) return []
    const all: [string, Json | undefined][] = instead(here)
    if (path.length > 0) all.push(['removed', undefined])
    return all.map(([how, by]): [string, Json] => [
      `${path.join('/') || 'the whole'} ${how}`,
      path.length === 0 ? (by ?? null) : withValue(value, path, by),
    ])
  })
}

function at(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (here, key) => (typeof here === 'object' && here !== null ? (here as Map_)[key] : undefined),
    value,
  )
}

/** What is in this value and not, at the same place, in the other one. */
const notIn = (before: Json | undefined) => (path: Path, here: Json) => {
  const there = at(before, path)
  return there === undefined || canonicalString(there) !== canonicalString(here)
}

type Parts = { predicate: Json; blobs: readonly Uint8Array[]; signers?: readonly SigningIdentity[] }
const officersOf = ({ sample }: Opened) => [sample.ceremony, ...sample.officers.slice(0, 2)]

/** The bundle of these parts, signed as they are. */
async function sealed(of: Opened, { predicate, blobs, signers = officersOf(of) }: Parts): Promise<Case> {
  const { sample } = of
  const transcript = blobOf(encodeTranscript(sample.header, sample.entries))
  const unique = new Map(blobs.map((bytes) => [sha256Hex(bytes), bytes]))
  const listed = [...unique.keys()].sort()
  const subject = [
    {
      name: 'transcript.jsonl',
      digest: { sha256: transcript.sha256 },
      annotations: { size: `${transcript.size}` },
    },
    ...listed.map((sha256) => ({
      name: `blobs/${sha256}`,
      digest: { sha256 },
      annotations: { size: `${unique.get(sha256)?.length}` },
    })),
  ]
  const payload = encodeCanonical({
    _type: statementType,
    subject,
    predicateType: predicateTypes[sample.predicate.v],
    predicate,
  })
  const signatures = signers.map((one) => signBundle(one, payload, 'production'))
  const chunks: Uint8Array[] = []
  const sources = blobs.map(blobOf)
  const parts = { predicate: sample.predicate, transcript, blobs: sources }
  for await (const chunk of writeBundle(parts, payload, signatures)) chunks.push(chunk)
  return { bytes: new Uint8Array(Buffer.concat(chunks)), policy: sample.policy }
}

/** The whole run made again with another plan or other entries: what follows from them follows. */
async function again(of: Opened, change: { plan?: Json; entries?: FullEntry[] }): Promise<Case> {
  const options = of.options()
  const { alter = {} } = options
  const { bytes, policy } = await sampleBundle({
    ...options,
    alter: {
      ...alter,
      plan: (plan) => {
        const own = alter.plan?.(plan) ?? plan
        return change.plan === undefined ? own : (change.plan as unknown as Plan)
      },
      entries: (entries) => change.entries ?? alter.entries?.(entries) ?? entries,
    },
  })
  return { bytes, policy }
}

type Maker = readonly [what: string, make: () => Promise<Case>]

function inPredicate(of: Opened, base: Opened | undefined): Maker[] {
  const predicate = jsonOf(of.sample.predicate)
  const own = notIn(base && jsonOf(base.sample.predicate))
  return mutated(predicate, own).map(([what, value]) => [
    `predicate: ${what}`,
    () => sealed(of, { predicate: value, blobs: [...of.blobs.values()] }),
  ])
}

function inPlan(of: Opened, base: Opened | undefined): Maker[] {
  return mutated(of.plan, notIn(base?.plan)).map(([what, plan]) => [
    `plan: ${what}`,
    () => again(of, { plan }),
  ])
}

function inTranscript(of: Opened, base: Opened | undefined): Maker[] {
  const { entries } = of.sample
  const factsOf = (all: readonly FullEntry[]) =>
    all.map(({ stepId, fact }) => canonicalString({ stepId, fact }))
  const before = new Set(base === undefined ? [] : factsOf(base.sample.entries))
  const own = factsOf(entries)
  return entries.flatMap((entry, index): Maker[] => {
    // The first checkpoint is under the entries before it.
    if (before.has(own[index] ?? '') || index < 8) return []
    const instead = (...by: FullEntry[]) => [...entries.slice(0, index), ...by, ...entries.slice(index + 1)]
    const next = entries[index + 1]
    const all: [string, FullEntry[]][] = [
      ['removed', instead()],
      ['twice', instead(entry, entry)],
      ['of another step', instead({ ...entry, stepId: 'other' })],
      ['of another kind', instead({ ...entry, kind: 'note.made' })],
    ]
    if (next !== undefined)
      all.push(['after the next one', [...entries.slice(0, index), next, entry, ...entries.slice(index + 2)]])
    for (const [what, fact] of mutated(entry.fact))
      all.push([`fact: ${what}`, instead({ ...entry, fact: fact as FullEntry['fact'] })])
    return all.map(([what, changed]) => [
      `entry ${entry.stepId}, ${entry.kind}: ${what}`,
      () => again(of, { entries: changed.map((one, seq) => ({ ...one, seq: `${seq}` })) }),
    ])
  })
}

const signedPart = (path: Path) => path.findLastIndex((key) => key === 'payload' || key === 'policy')

/** What a file says, left with the signatures that it had, or signed again by the same people. */
function inDocuments(of: Opened, base: Opened | undefined): Maker[] {
  return [...of.blobs].flatMap(([sha256, bytes]): Maker[] => {
    if (base?.blobs.has(sha256) || sha256 === of.sample.predicate.planHash) return []
    const document = documentOf(bytes)
    const name = nameOf(of, sha256)
    const replaced = (by: Uint8Array): Promise<Case> => {
      const text = JSON.stringify(of.sample.predicate).replaceAll(sha256, sha256Hex(by))
      const blobs = [...of.blobs].map(([digest, one]) => (digest === sha256 ? by : one))
      return sealed(of, { predicate: JSON.parse(text) as Json, blobs })
    }
    if (document === null)
      return [[`${name}: its first byte is another`, () => replaced(bytes.with(0, bytes[0]! ^ 1))]]
    return mutated(document).flatMap(([what, value]): Maker[] => {
      const made: Maker = [`${name}: ${what}`, () => replaced(utf8(canonicalString(value)))]
      const part = signedPart(what.replace(/ .*/, '').split('/'))
      if (part < 0) return [made]
      const path = what.replace(/ .*/, '').split('/').slice(0, part)
      const key = what.replace(/ .*/, '').split('/')[part] ?? ''
      return [
        made,
        [
          `${name}: ${what}, signed again`,
          () => replaced(utf8(canonicalString(signedAgain(of, document, value, path, key)))),
        ],
      ]
    })
  })
}

function documentOf(bytes: Uint8Array): Json | null {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

/** Where the predicate names a file. */
function nameOf({ sample }: Opened, sha256: string): string {
  const predicate = jsonOf(sample.predicate)
  const place = placesOf(predicate).find((path) => at(predicate, path) === sha256)
  return place?.join('/') ?? 'a file'
}

/** The changed document with its signatures made again over what it says now. */
function signedAgain(of: Opened, before: Json, after: Json, path: readonly string[], key: string): Json {
  const was = at(before, path) as Map_
  const is = at(after, path) as Map_
  const { [key]: old = null } = was
  const { [key]: now = null } = is
  const signatures = ((was.signatures ?? []) as unknown as HybridSignature[]).map((one): Json => {
    const identity = of.people.get(one.signer)
    const context = signables
      .map((what) => signatureContext(what, 'production'))
      .find((context) => identity && verifySignature(identity.keys, context, encodeCanonical(old), one).ok)
    return jsonOf(identity && context ? signWith(identity, context, encodeCanonical(now)) : one)
  })
  const whole = { ...is, signatures }
  return path.length === 0 ? whole : withValue(after, path, whole)
}

function inSeal(of: Opened): Maker[] {
  const [ceremony, ada, berta] = officersOf(of)
  const predicate = jsonOf(of.sample.predicate)
  const blobs = [...of.blobs.values()]
  const mallory = makePerson('officer', 'Mallory', 'production').identity
  const by = (what: string, signers: SigningIdentity[]): Maker => [
    `signatures: ${what}`,
    () => sealed(of, { predicate, blobs, signers }),
  ]
  return [
    by('reversed', [berta!, ada!, ceremony!]),
    by('without the ceremony key', [ada!, berta!]),
    by('of one officer', [ceremony!, ada!]),
    by('of one officer twice', [ceremony!, ada!, ada!]),
    by('of a stranger too', [ceremony!, ada!, berta!, mallory]),
    by('of a stranger in an officer’s place', [ceremony!, ada!, mallory]),
    ['files: one more', () => sealed(of, { predicate, blobs: [...blobs, utf8('more')] })],
    ...[...of.blobs.keys()].map(
      (gone): Maker => [
        `files: without ${nameOf(of, gone)}`,
        () =>
          sealed(of, {
            predicate,
            blobs: [...of.blobs].flatMap(([name, one]) => (name === gone ? [] : [one])),
          }),
      ],
    ),
  ]
}

/** The same order at each run, and none that follows from where a thing stands. */
const shuffled = (kind: string, makers: readonly Maker[]) =>
  makers
    .map((one) => ({ one, order: sha256Hex(utf8(`${kind}/${one[0]}`)) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ one }) => one)

/** So many mutations of each group. One that no codec would write is left out, and another takes its place. */
export async function mutationsOf(of: Opened, base: Opened | undefined, each: number): Promise<Mutation[]> {
  const groups = [
    inPredicate(of, base),
    inPlan(of, base),
    inTranscript(of, base),
    inDocuments(of, base),
    inSeal(of),
  ]
  const made: Mutation[] = []
  for (const [index, makers] of groups.entries()) {
    let left = index === groups.length - 1 ? Math.ceil(each / 2) : each
    for (const [what, make] of shuffled(of.kind, makers)) {
      if (left === 0) break
      const bundle = await make().catch((error: unknown) => {
        if (error instanceof Error) return null
        throw error
      })
      if (bundle === null) continue
      made.push({ kind: of.kind, what, bundle })
      left--
    }
  }
  return made
}
