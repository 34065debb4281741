import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleContents, BundleFhe } from '@lux/ceremony/bundle'
import {
  acknowledgementCodec,
  askedCiphertexts,
  blocksOf,
  type Card,
  cardCodec,
  epochApprovalCodec,
  type RequestPackage,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { FormatError, fromUtf8, toHex } from '@lux/crypto'
import {
  type Budgets,
  carriedBudgets,
  commitmentsDigest,
  type PublicFile,
  parsePublic,
} from '@lux/crypto/fhe'
import type { Work } from '../platform/database/authority/authority.ts'
import { syncFolder } from '../platform/state-folder/private-file.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { notSwitchedOff } from '../threshold/keys.ts'
import type { Judged } from './check-bundle.ts'

type Next = NonNullable<BundleContents['predicate']['next']>

const maxPublic = 4 << 20
const maxPackage = 16 << 20
const maxDocument = 32_768

/**
 * What a bundle says of a threshold key: the key as dealt, its next epoch, and what was decrypted in the ceremony. Refuses
 * KEY-CONFLICT a key that is here; KEY-DISABLED, KEY-DELETED one whose record is switched off or is to be deleted; FHE-KEY-ABSENT the next epoch of a key that is not; FHE-EPOCH-OTHER where it does not
 * follow the newest epoch here; FHE-REQUEST-TAKEN where a request of the ceremony was opened here.
 */
export async function recordFhe(work: Work, judged: Judged): Promise<Outcome<null>> {
  const { fhe, existing, next, decryptions } = judged.contents.predicate
  if (fhe !== null) {
    const dealt = await recordDealt(work, judged, fhe)
    if (!dealt.ok) return dealt
  }
  const keyId = existing?.keyId ?? fhe?.keyId
  if (keyId === undefined) return accept(null)
  const key = await work
    .selectFrom('fhe_key')
    .select(['id', 'epoch', 'mode', 't', 'n'])
    .where('id', '=', keyId)
    .forUpdate()
    .executeTakeFirst()
  if (key === undefined) {
    // What was opened of a key that this server never had is no business of its.
    return next === null
      ? accept(null)
      : refuse('FHE-KEY-ABSENT', `the key ${keyId}, whose next epoch this is, was never imported here`)
  }
  if (existing !== null) {
    const known = await work
      .selectFrom('fhe_epoch')
      .select('epoch')
      .where('fhe_key_id', '=', keyId)
      .where('epoch_id', '=', existing.epochId)
      .executeTakeFirst()
    if (known === undefined || (next !== null && known.epoch !== Number(key.epoch)))
      return refuse(
        'FHE-EPOCH-OTHER',
        `the run began in epoch ${existing.epoch}, here is ${key.epoch}: import each bundle between them first, in order`,
      )
  }
  if (next !== null) {
    const moved = await recordNext(work, judged, key, next)
    if (!moved.ok) return moved
  }
  for (const { package: blob } of decryptions) {
    const read = await judged.contents.read(blob, maxPackage)
    const parsed = read.ok ? requestPackageCodec.parse(read.value) : read
    if (!parsed.ok) return parsed
    const taken = await recordDecryption(work, parsed.value)
    if (!taken.ok) return taken
  }
  return accept(null)
}

async function recordDealt(work: Work, { contents, policyDigest }: Judged, fhe: BundleFhe) {
  const stored = await work
    .selectFrom('fhe_key')
    .select('epoch')
    .where('id', '=', fhe.keyId)
    .executeTakeFirst()
  if (stored) return refuse('KEY-CONFLICT', `the threshold key ${fhe.id} is already here`)
  const organisations = contents.predicate.wrapTree.filter(({ level }) => level === 'organisation')
  const ids = new Set(organisations.map(({ id }) => id))
  const named = ids.size === 1 ? (organisations[0]?.id ?? null) : null
  const wanted = await work
    .selectFrom('key')
    .selectAll()
    .where('id', '=', fhe.id)
    .where('threshold', 'is not', null)
    .forUpdate()
    .executeTakeFirst()
  if (wanted) await work.authority.vouch('key', [wanted], { id: fhe.id })
  if (wanted?.threshold) {
    const { t, n, mode } = wanted.threshold
    const as = wanted.algorithm === fhe.type && t === fhe.t && n === fhe.n && mode === fhe.mode
    if (!as || wanted.fhe_key_id !== null || (named !== null && named !== wanted.organisation_id))
      return refuse('FHE-OTHER-THAN-ASKED', `${fhe.id} was asked for as ${t} of ${n}, mode ${mode}, once`)
    const served = notSwitchedOff(wanted)
    if (!served.ok) return served
  }
  await work
    .insertInto('fhe_key')
    .values({
      id: fhe.keyId,
      organisation_id: named ?? wanted?.organisation_id ?? null,
      type: fhe.type,
      mode: fhe.mode,
      t: fhe.t,
      n: fhe.n,
      epoch: fhe.epoch,
      commitments: fhe.commitments,
      evidence: JSON.stringify(fhe),
      bundle_digest: contents.digest,
    })
    .execute()
  if (wanted)
    await work.authority.update('key', { id: wanted.id }, { fhe_key_id: fhe.keyId, updated_at: new Date() })
  const { keyId, epoch, epochId, t, n, commitments } = fhe
  await insertEpoch(
    work,
    { keyId, epoch, epochId, t, n, public: fhe.public, commitments, carried: null },
    {
      policyDigest,
      bundle: contents.digest,
    },
  )
  for (const { index, name, envelope, card } of fhe.holders) {
    const text = cardText(contents.people.get(card))
    await insertHolder(work, { keyId, epoch, index, name, envelope, card: text })
  }
  return accept(null)
}

type StoredKey = { readonly id: string; readonly mode: string; readonly t: number; readonly n: number }

/**
 * The verifier has computed the epoch from the old one and looked at every signature; here it becomes the key's newest, with
 * the budget that its holders' shares have.
 */
async function recordNext(
  work: Work,
  { contents, policyDigest }: Judged,
  key: StoredKey,
  { epochId, epoch, t, n, public: digest, holders, approvals }: Next,
): Promise<Outcome<null>> {
  const keyId = key.id
  const bytes = await contents.read(digest, maxPublic)
  if (!bytes.ok) return bytes
  let pub: PublicFile
  try {
    pub = parsePublic(bytes.value)
    if (toHex(pub.header.epochId) !== epochId)
      return refuse('FHE-EPOCH-OTHER', 'its public file is of another epoch')
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
  const left = await leftOf(contents, key.n, approvals)
  if (!left.ok) return left
  const squash = pub.pub128.length > 0
  const { at64, at128 } = carriedBudgets({ from: key, to: { t, n }, left: left.value, squash })
  const carried = key.mode === 'S' ? at128 : at64
  const commitments = toHex(commitmentsDigest(pub.commitments))
  const where = { policyDigest, bundle: contents.digest }
  await insertEpoch(work, { keyId, epoch, epochId, t, n, public: digest, commitments, carried }, where)
  for (const { index, name, card, acknowledgement } of holders) {
    const blob = await contents.read(acknowledgement, maxDocument)
    const proof = blob.ok ? acknowledgementCodec.file.parse(blob.value) : blob
    if (!proof.ok) return proof
    const envelope = proof.value.payload.envelopeDigest
    const text = cardText(contents.people.get(card))
    await insertHolder(work, { keyId, epoch, index, name, envelope, card: text })
  }
  await work.updateTable('fhe_key').set({ t, n, epoch, commitments }).where('id', '=', keyId).execute()
  return accept(null)
}

/** What each of the n old holders said was left of its budget, by number; null for one who did not approve. */
async function leftOf(
  contents: Judged['contents'],
  n: number,
  approvals: readonly string[],
): Promise<Outcome<(Budgets | null)[]>> {
  const left: (Budgets | null)[] = Array.from({ length: n }, () => null)
  for (const approval of approvals) {
    const blob = await contents.read(approval, maxDocument)
    const read = blob.ok ? epochApprovalCodec.file.parse(blob.value) : blob
    if (!read.ok) return read
    left[read.value.payload.holder - 1] = read.value.payload.left
  }
  return accept(left)
}

/** A canary counts here too, which its holders leave out: this server's count is never below theirs. */
async function recordDecryption(work: Work, given: RequestPackage): Promise<Outcome<null>> {
  const { keyId, requestId, epochId, mode } = given.request.payload
  const taken = await work
    .insertInto('fhe_taken_request')
    .values({ fhe_key_id: keyId, request_id: requestId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('request_id')
    .executeTakeFirst()
  if (taken === undefined) {
    const opened = await work
      .selectFrom('decrypt_request')
      .select('state')
      .where('fhe_key_id', '=', keyId)
      .where('request_id', '=', requestId)
      .executeTakeFirst()
    if (opened) return refuse('FHE-REQUEST-TAKEN', `the request ${requestId} was opened here`)
  }
  await work
    .insertInto('fhe_spent')
    .values(
      askedCiphertexts(given).map(({ digest, type }) => ({
        fhe_key_id: keyId,
        epoch_id: epochId,
        digest,
        width: mode === 'S' ? 128 : 64,
        blocks: blocksOf(type, mode),
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return accept(null)
}

type EpochRow = {
  keyId: string
  epoch: number
  epochId: string
  t: number
  n: number
  public: string
  commitments: string
  carried: number | null
}

async function insertEpoch(
  work: Work,
  { keyId, epochId, ...row }: EpochRow,
  { policyDigest, bundle }: { policyDigest: string; bundle: string },
): Promise<void> {
  await work
    .insertInto('fhe_epoch')
    .values({
      ...row,
      fhe_key_id: keyId,
      epoch_id: epochId,
      policy_digest: policyDigest,
      bundle_digest: bundle,
    })
    .execute()
}

type HolderRow = {
  keyId: string
  epoch: number
  index: number
  name: string
  envelope: string
  card: string | null
}

async function insertHolder(work: Work, { keyId, index, name, ...row }: HolderRow): Promise<void> {
  await work
    .insertInto('fhe_share_commitment')
    .values({ ...row, fhe_key_id: keyId, holder_index: index, holder: name })
    .execute()
}

function cardText(card: Card | undefined): string | null {
  return card === undefined ? null : fromUtf8(cardCodec.encode(card))
}

/** Keeps the public parts of a threshold key and of its next epoch, each a file named by its SHA-256: they are too large for rows. */
export async function keepFheFiles(contents: BundleContents, folder: string): Promise<void> {
  const { fhe, next } = contents.predicate
  const wanted = [fhe?.public, fhe?.compactPublicKey, fhe?.serverKey, fhe?.crs, next?.public]
  for (const digest of wanted) {
    if (digest === null || digest === undefined) continue
    const part = join(folder, `${digest}.part`)
    await rm(part, { force: true })
    const file = await open(part, 'wx', 0o600)
    try {
      for await (const chunk of contents.open(digest)) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, join(folder, digest))
  }
  if (wanted.some((digest) => typeof digest === 'string')) await syncFolder(folder)
}
