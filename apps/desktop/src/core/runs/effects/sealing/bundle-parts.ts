import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type EffectOf, possessionChallenge, readEntry, type State } from '@lux/ceremony'
import { type BundleParts, blobOf, type Predicate } from '@lux/ceremony/bundle'
import { holderBefore } from '@lux/ceremony/plan'
import { encodeTranscript } from '@lux/ceremony/transcript'
import { type HybridSignature, toHex } from '@lux/crypto'
import { commitmentsDigest, parsePublic } from '@lux/crypto/fhe'
import { readBounded } from '@lux/node-files'
import { custodianFile } from '../../folder/places.ts'
import { acknowledgementFile, exceptionFile } from '../../folder/project.ts'
import type { RunFolder } from '../../folder/run-folder.ts'
import type { Lineage, RunContext } from '../context.ts'
import { rootWrap } from '../key/root.ts'
import { nextPolicyOf } from '../officers.ts'
import { recoveryOf } from '../recovery/recovery.ts'
import {
  Collected,
  decryptionsOf,
  existingOf,
  heartbeatsOf,
  nextOf,
  signedDocument,
} from './bundle-threshold.ts'

const maxSmall = 32 << 20

/** Everything that goes into the bundle, from the state, the log and the run's files; the same each time it is asked. */
export function bundleParts(
  effect: EffectOf<'build-bundle'>,
  run: RunContext,
  lineages: readonly Lineage[],
): BundleParts {
  const { folder } = run
  const { state } = folder
  const collected = new Collected()
  const transcript = blobOf(
    encodeTranscript(folder.header, [...folder.entries()].slice(0, effect.checkpoint.size)),
  )
  const [first, ...others] = effect.destinations
  const predicate: Predicate = {
    v: state.plan.v,
    ceremonyId: state.ceremonyId,
    domain: state.domain,
    planHash: collected.bytes(folder.planBytes),
    lock: lockOf(folder, collected),
    policyDigest: state.policyDigest,
    cards: cardsOf(folder, collected),
    opening: collected.json(folder.readDocument('opening.json')),
    checkpoints: effect.checkpoints.map(({ size }) => ({
      size: String(size),
      blob: collected.json(folder.readDocument(`checkpoints/${size}.json`)),
    })),
    exceptions: state.exceptions.flatMap(({ id, document }) => {
      if (document === null) return []
      // Written by the projection of the log, as a codec's value.
      const signed = folder.readDocument(exceptionFile(document)) as { payload: { head: { size: string } } }
      const { size } = signed.payload.head
      // What was decided after the sealed transcript's end is in the close-out: a bundle that is written again has the same bytes.
      return Number(size) < effect.checkpoint.size ? [{ id, size, blob: collected.json(signed) }] : []
    }),
    transcript: folder.headAt(effect.checkpoint.size),
    keyEvidence: evidenceOf(folder, state),
    wrapTree: wrapTreeOf(folder, state, collected),
    possession: possessionOf(state),
    ...replicasOf(state),
    ...attestationsOf(folder, state, collected),
    ...backupsOf(folder, collected),
    ...recoveryOf(folder, collected),
    ...nextPolicyOf(folder, collected),
    ...(state.decommissioned.length === 0 ? {} : { decommissioned: state.decommissioned }),
    ...(state.plan.revokes === undefined ? {} : { revokes: state.plan.revokes }),
    transports: transportsOf(effect, folder, collected),
    fhe: fheOf(folder, state, collected),
    existing: existingOf(folder, state, collected),
    decryptions: decryptionsOf(folder, state, collected),
    next: nextOf(folder, state, collected),
    ...heartbeatsOf(folder, collected),
    audience: first?.audience ?? null,
    ...(first === undefined ? { sequence: '0', previous: null, supersedes: [] } : lineageAt(lineages, 0)),
    ...(others.length === 0
      ? {}
      : { alsoFor: others.map(({ audience }, index) => ({ audience, ...lineageAt(lineages, index + 1) })) }),
  }
  return { predicate, transcript, blobs: collected.blobs }
}

function lineageAt(lineages: readonly Lineage[], index: number): Lineage {
  const found = lineages[index]
  if (found === undefined) throw new RangeError('one lineage is asked for each destination')
  return found
}

function lockOf(folder: RunFolder, collected: Collected): string | null {
  const path = join(folder.path, 'plan.lock.json')
  return existsSync(path) ? collected.bytes(readBounded(path, maxSmall)) : null
}

/** Cards of people and servers; transport documents are blobs of their own. */
function cardsOf(folder: RunFolder, collected: Collected): string[] {
  const { seats, destinations } = folder.state
  const digests = new Set([...seats.map(({ card }) => card), ...destinations.map(({ card }) => card)])
  return [...digests].map((digest) => collected.bytes(folder.card(digest))).toSorted()
}

function evidenceOf(folder: RunFolder, state: State): Predicate['keyEvidence'] {
  const serialOf = (role: string) => state.tokens.find((token) => token.role === role)?.serial ?? ''
  const made = state.keys.flatMap(({ id, level, token, evidence }) =>
    evidence === null
      ? []
      : [
          {
            id,
            level,
            serial: serialOf(token),
            ...said(attestedEvidence(state, { id, level }) ?? evidence),
          },
        ],
  )
  const own = ceremonyKeyEvidence(folder)
  const key = state.ceremonyKey
  if (own === null || key === null) return made
  const evidence = said(attestedEvidence(state, { id: 'ceremony', level: 'ceremony' }) ?? own)
  return [{ id: 'ceremony', level: 'ceremony', serial: serialOf(key.token), ...evidence }, ...made]
}

/** What was read when somebody vouched for the key counts, not what was read when it was made. */
function attestedEvidence(state: State, key: { id: string; level: string }): Evidence | null {
  return state.attestations.find(({ id, level }) => id === key.id && level === key.level)?.evidence ?? null
}

function said({ level, ckaId, label, attributes }: Evidence) {
  return { evidence: level, ckaId, label, attributes }
}

function attestationsOf(
  folder: RunFolder,
  state: State,
  collected: Collected,
): Pick<Predicate, 'attestations'> {
  if (state.attestations.length === 0) return {}
  const kept = (digest: string) => collected.bytes(folder.blobs.get(digest))
  return {
    attestations: state.attestations.map(({ id, level, by, root, chain, statement }) => ({
      id,
      level,
      by,
      root: kept(root),
      chain: kept(chain),
      statement: statement && { document: kept(statement.document), size: String(statement.size) },
    })),
  }
}

type Evidence = NonNullable<State['keys'][number]['evidence']>

/** Of the last one made: what an earlier attempt read is of no use, and its key is destroyed. */
function ceremonyKeyEvidence(folder: RunFolder): Evidence | null {
  let evidence: Evidence | null = null
  for (const { kind, fact } of folder.entries()) {
    if (kind !== 'step.performed' && kind !== 'step.reconciled') continue
    // The engine checked the result's shape before it let the entry in.
    const done = fact as { effect: string; result: { evidence: Evidence } | null }
    if (done.effect === 'make-ceremony-key' && done.result !== null) evidence = done.result.evidence
  }
  return evidence
}

function wrapTreeOf(folder: RunFolder, state: State, collected: Collected): Predicate['wrapTree'] {
  return state.plan.keys.flatMap((planned) => {
    const made = state.keys.find(({ id }) => id === planned.id)
    if (made === undefined) return []
    const spki = publicKeyOf(folder, made)
    return [
      {
        level: planned.level,
        id: planned.id,
        name: planned.name,
        parent: planned.parent ?? null,
        version: planned.version ?? 1,
        ...(planned.replaces === undefined ? {} : { replaces: planned.replaces }),
        algorithm: planned.algorithm,
        mechanism: planned.level === 'root' ? null : made.mechanism,
        blob: made.wrapped === null ? null : collected.bytes(folder.blobs.get(made.wrapped)),
        publicKey: spki === null ? null : collected.bytes(spki),
        root: planned.level === 'root' ? { rootId: made.rootId, born: made.bornIn } : null,
      },
    ]
  })
}

function publicKeyOf(folder: RunFolder, made: State['keys'][number]): Uint8Array | null {
  const record = folder.attempt('generate-key', made.step, made.attempt)
  return record?.part.publicKey === undefined ? null : folder.blobs.get(record.part.publicKey)
}

function possessionOf(state: State): Predicate['possession'] {
  const root = state.keys.find(({ level }) => level === 'root')
  if (root === undefined) return []
  const challenge = possessionChallenge(root.bornIn, root.rootId)
  return state.proofs.map(({ key, mechanism, digest }) => ({ id: key, mechanism, challenge, digest }))
}

function replicasOf(state: State): Pick<Predicate, 'replicas'> {
  if (state.replicas.length === 0) return {}
  const bornAs = (id: string) => state.keys.find((key) => key.id === id)
  return {
    replicas: state.replicas.map(({ id, token, serial, way, evidence, mechanism, digest }) => ({
      id,
      token,
      serial,
      way,
      ckaId: evidence.ckaId,
      evidence: evidence.level,
      attributes: evidence.attributes,
      mechanism,
      challenge: possessionChallenge(bornAs(id)?.bornIn ?? '', bornAs(id)?.rootId ?? ''),
      digest,
    })),
  }
}

function transportsOf(
  effect: EffectOf<'build-bundle'>,
  folder: RunFolder,
  collected: Collected,
): Predicate['transports'] {
  const receivers = effect.destinations.flatMap((one) => ('transport' in one ? [one] : []))
  return receivers.map(({ serial, transport }) => ({
    document: collected.bytes(folder.transport(transport)),
    roots: folder.state.keys.flatMap(({ id, blobs }) =>
      blobs
        .filter((blob) => blob.serial === serial)
        .map(({ wrapped, sealed }) => ({
          id,
          mechanism: rootWrap.mechanism,
          sealed: collected.bytes(folder.blobs.get(sealed)),
          wrapped,
        })),
    ),
  }))
}

function fheOf(folder: RunFolder, state: State, collected: Collected): Predicate['fhe'] {
  const { fhe, plan } = state
  if (fhe === null || plan.fhe === undefined) return null
  const file = (name: string, made: { sha256: string } | null) =>
    made === null ? null : collected.file(join(folder.path, 'fhe', name), made.sha256)
  const pub = readBounded(join(folder.path, 'fhe', 'public.bin'), maxSmall)
  return {
    id: plan.fhe.id,
    type: plan.fhe.type,
    mode: plan.fhe.mode,
    keyId: fhe.keyId,
    epochId: fhe.epochId,
    epoch: 0,
    t: plan.fhe.t,
    n: plan.fhe.n,
    public: collected.bytes(pub),
    compactPublicKey: file('compact-public-key.bin', fhe.publicKey),
    serverKey: file('server-key.bin', fhe.serverKey),
    ...(fhe.crs === undefined
      ? {}
      : { crs: collected.file(join(folder.path, 'fhe', 'crs.bin'), fhe.crs.sha256) }),
    commitments: toHex(commitmentsDigest(parsePublic(pub).commitments)),
    holders: fhe.shares.map(({ holder, index, envelopeDigest }) => ({
      index,
      name: holder,
      card: holderBefore(state.seats, holder)?.card ?? '',
      envelope: envelopeDigest,
      // Written by the deal as a hybrid signature.
      signature: folder.readDocument(`envelopes/holder-${index}.sig`) as unknown as HybridSignature,
      acknowledgement: collected.json(folder.readDocument(acknowledgementFile(index))),
    })),
  }
}

/** Backups that the run dealt, with every custodian's word. The medium and the envelopes are not in the bundle. */
function backupsOf(folder: RunFolder, collected: Collected): Pick<Predicate, 'backups'> {
  const { state } = folder
  const words = new Map<string, string>()
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (!read.ok || read.entry.kind !== 'custodian.acknowledged') continue
    words.set(read.entry.fact.payload.name, collected.json(signedDocument(read.entry.fact)))
  }
  const backups = state.backups.map(({ key, set, identifier, publicKey, wrapped, medium, shares }) => ({
    id: key,
    set,
    identifier,
    t: state.plan.keys.find(({ id }) => id === key)?.backup?.t ?? 0,
    n: shares.length,
    publicKey: collected.bytes(folder.blobs.get(publicKey)),
    wrapped,
    medium,
    shares: shares.map(({ index, name, share, envelope }) => ({
      index,
      name,
      card: state.seats.find((one) => one.role === 'custodian' && one.name === name)?.card ?? '',
      share,
      envelope,
      // Written by the deal as a hybrid signature.
      signature: folder.readDocument(`${custodianFile(index)}.sig`) as unknown as HybridSignature,
      acknowledgement: words.get(name) ?? '',
    })),
  }))
  return backups.length === 0 ? {} : { backups }
}
