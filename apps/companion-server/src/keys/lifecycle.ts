import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import {
  canonicalString,
  encodeCanonical,
  type HybridSignature,
  sha256,
  sha256Hex,
  toHex,
  utf8,
  wipe,
} from '@lux/crypto'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import { provedLately } from '../access/authorize.ts'
import type { Call, Subject } from '../audit/record.ts'
import type { ThresholdWanted } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { algorithms, type CeremonyAlgorithm, type KeyAlgorithm, type WantedUsage } from './algorithms.ts'
import { envelopeKeyId } from './envelope.ts'
import { type KeyParts, ofCeremony, openKeyWork } from './key-work.ts'
import type { LifecycleRepository } from './lifecycle-repository.ts'
import { checkNamed } from './operations.ts'
import type { StoredKey, StoredVersion } from './repository.ts'
import { openWrapped, sealByOaep, sealWrapped, wrappingPair } from './transport-wrap.ts'

export type CeremonyKey = {
  readonly project: string
  readonly name: string
  readonly description?: string
  readonly algorithm: CeremonyAlgorithm
  readonly usage?: WantedUsage
  readonly threshold?: ThresholdWanted
}

export type ImportedKey = {
  readonly importKey: string
  readonly name: string
  readonly description?: string
  readonly algorithm: KeyAlgorithm
  readonly isExportable?: boolean
  /** By RSA_AES_KEY_WRAP_SHA_256, to the public half of the import key. */
  readonly wrapped: Uint8Array
}

/** What officers take to a ceremony: the `fhe` part of its plan, and who is to combine. */
export type PlanRequest = {
  readonly v: 1
  readonly kind: 'plan-request'
  readonly domain: string
  readonly audience: string
  readonly organisation: string
  readonly project: string
  readonly name: string
  readonly combinerRecipient: string
  readonly fhe: ThresholdWanted & {
    readonly id: string
    readonly type: CeremonyAlgorithm
    readonly squash: boolean
    readonly inputs: 'signed'
  }
}

/**
 * What a shredding came to, signed by the receipt key. S0: destroyed here; what copies there may be elsewhere is named. S1: the
 * ancestor that existed in tokens alone is destroyed too, so that no older database opens it.
 */
export type ShredReceipt = {
  readonly v: 1
  readonly kind: 'shred-receipt'
  readonly audience: string
  readonly level: 'S0' | 'S1'
  readonly what: 'data'
  readonly id: string
  readonly organisation: string
  readonly project: string
  /** SHA-256 over what was destroyed: of each version its wrapped bytes, in order. */
  readonly digest: string
  readonly versions: number
  /** Bundles that hold a wrapped copy. */
  readonly bundles: readonly string[]
  /** Of level S0: backups of the database from before this hold one too. */
  readonly shreddedAt: string
  /** Of level S1: what was above it, and the serials of the tokens in which it was destroyed and found absent. */
  readonly ancestor?: {
    readonly level: 'root'
    readonly id: string
    readonly destroyedIn: readonly string[]
    readonly destroyedAt: string
  }
}

export type SignedShredReceipt = {
  readonly payload: ShredReceipt
  readonly signatures: readonly [HybridSignature]
}

type Parts = KeyParts & {
  readonly lifecycle: LifecycleRepository
  readonly domain: string
  readonly audience: string
  readonly combinerRecipient: string
  /** Signs with the receipt key, for what the context names. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  /** Adds one line to the log that no database is restored over. Durable before it resolves. */
  noteShredded(line: string): Promise<void>
}

/** What the signature of a shred receipt is made over: this, a zero byte, and the canonical JSON of the payload. */
export const shredContext = 'lux-server/v1/shred-receipt'

/** How long a wrapping key takes a key in. */
const importLives = 60 * 60_000

export type KeyLifecycle = ReturnType<typeof openKeyLifecycle>

/** Where keys come from and go to: ceremonies, imports, exports, and nowhere. */
export function openKeyLifecycle(parts: Parts) {
  const { repository, lifecycle, unwrapping, record, now } = parts
  const { projectFor, mayMake, managing, permitted, versionOf, reading } = openKeyWork(parts)

  return {
    /** A record of a threshold key; a ceremony whose plan has its id fulfils it. */
    requestCeremony(call: Call, wanted: CeremonyKey): Promise<Outcome<StoredKey>> {
      return record(call, 'key.request-ceremony', async (subject) => {
        const place = await projectFor(call, subject, wanted.project)
        if (!place.ok) return place
        const named = checkNamed(wanted)
        if (!named.ok) return named
        const { algorithm, threshold } = wanted
        const allowed = mayMake(call, place.value, wanted)
        if (!allowed.ok) return allowed
        if ((wanted.usage ?? 'fhe-computation') !== 'fhe-computation')
          return refuse('KEY-USAGE', `a key of algorithm ${algorithm} is for fhe-computation`)
        if (threshold === undefined)
          return refuse('REQUEST-FIELDS', 'threshold: expected t, n and mode of a threshold key')
        const { t, n, mode } = threshold
        if (!Number.isInteger(t) || !Number.isInteger(n) || t < 2 || t > n || n > MAX_HOLDERS)
          return refuse('REQUEST-FIELDS', `threshold: expected t of 2 to n, and n of at most ${MAX_HOLDERS}`)
        const id = randomUUID()
        const made = await lifecycle.insertWaiting({
          id,
          envelope_id: Buffer.from(envelopeKeyId(id)),
          organisation_id: place.value.organisation,
          project_id: place.value.project,
          name: wanted.name,
          description: wanted.description ?? null,
          key_usage: 'fhe-computation',
          algorithm,
          current_version: 0,
          created_by: call.caller.identity,
          threshold: canonicalString({ t, n, mode }),
        })
        if (made === 'name-taken')
          return refuse('KEY-NAME-TAKEN', `${wanted.name} is the name of another key`)
        subject.key = id
        return accept(made)
      })
    },

    /** The file for the ceremony's plan. */
    planRequest(call: Call, id: string): Promise<Outcome<PlanRequest>> {
      return reading(call, 'key.plan-request', id, async (key) => {
        const { threshold } = key
        if (threshold === null) return refuse('KEY-USAGE', `a key of ${key.algorithm} needs no ceremony`)
        // `requestCeremony` stores no other.
        const type = key.algorithm as CeremonyAlgorithm
        return accept<PlanRequest>({
          v: 1,
          kind: 'plan-request',
          domain: parts.domain,
          audience: parts.audience,
          organisation: key.organisation_id,
          project: key.project_id,
          name: key.name,
          combinerRecipient: parts.combinerRecipient,
          fhe: {
            ...{ id, type, ...threshold, inputs: 'signed' },
            squash: type === 'TFHE_INTEGER' && threshold.mode === 'S',
          },
        })
      })
    },

    /** A public key for one import into a project, within the hour. */
    wrappingKey(
      call: Call,
      project: string,
    ): Promise<Outcome<{ readonly id: string; readonly spki: Uint8Array; readonly expiresAt: Date }>> {
      return record(call, 'key.wrapping-key', async (subject) => {
        const place = await projectFor(call, subject, project)
        if (!place.ok) return place
        const id = randomUUID()
        const { spki, pkcs8 } = await wrappingPair()
        const { row, mac } = await unwrapping
          .wrapKey(project, { id, version: 1, algorithm: 'RSA-3072' }, pkcs8)
          .finally(() => wipe(pkcs8))
        const expiresAt = new Date(now().getTime() + importLives)
        await lifecycle.insertImportKey({
          id,
          project_id: project,
          identity_id: call.caller.identity,
          wrapped: Buffer.from(row.wrapped),
          wrapping_kek_version: row.wrappingKekVersion,
          mac: Buffer.from(mac),
          expires_at: expiresAt,
        })
        return accept({ id, spki, expiresAt })
      })
    },

    /** Takes in a key that was wrapped to an import key, which is then gone, whatever comes of it. */
    importKey(call: Call, wanted: ImportedKey): Promise<Outcome<StoredKey>> {
      return record(call, 'key.import', async (subject) => {
        const named = checkNamed(wanted)
        if (!named.ok) return named
        const known = await lifecycle.findImportKey(wanted.importKey)
        // Nobody uses up what another asked for, or hears that it is there.
        if (known === 'absent' || known.identity !== call.caller.identity) return noImportKey()
        const place = await projectFor(call, subject, known.project)
        if (!place.ok) return place
        const allowed = mayMake(call, place.value, wanted)
        if (!allowed.ok) return allowed
        if (!(await lifecycle.takeImportKey(wanted.importKey)) || known.expiresAt <= now())
          return noImportKey()
        const opened = await unwrapping.useKey(
          { id: wanted.importKey, project_id: known.project },
          known.version,
          (pkcs8) => openWrapped(pkcs8, wanted.wrapped),
        )
        if (!opened.ok) return opened
        const bytes = opened.value
        try {
          const { usage, planned, accepts } = algorithms[wanted.algorithm]
          if (!accepts(bytes))
            return refuse('KEY-MATERIAL', `what was wrapped is no key of algorithm ${wanted.algorithm}`)
          const id = randomUUID()
          const origin = 'imported' as const
          const version = await unwrapping.wrapKey(
            known.project,
            { id, version: 1, algorithm: planned, origin },
            bytes,
          )
          const made = await repository.insert(
            {
              id,
              envelope_id: Buffer.from(envelopeKeyId(id)),
              organisation_id: place.value.organisation,
              project_id: place.value.project,
              name: wanted.name,
              description: wanted.description ?? null,
              key_usage: usage,
              algorithm: wanted.algorithm,
              current_version: 1,
              created_by: call.caller.identity,
              is_exportable: wanted.isExportable ?? false,
            },
            version,
          )
          if (made === 'name-taken')
            return refuse('KEY-NAME-TAKEN', `${wanted.name} is the name of another key`)
          Object.assign(subject, { key: id, version: 1 })
          return accept(made)
        } finally {
          wipe(bytes)
        }
      })
    },

    /** The bytes of one version, wrapped to an RSA key by RSA_AES_KEY_WRAP_SHA_256, or by RSA-OAEP alone; never in the clear. */
    exportKey(
      call: Call,
      {
        id,
        to,
        version,
        byOaep = false,
        whither = `to the RSA key of SHA-256 ${sha256Hex(to)}`,
      }: { id: string; to: Uint8Array; version?: number; byOaep?: boolean; whither?: string },
    ): Promise<Outcome<{ readonly wrapped: Uint8Array; readonly version: number }>> {
      return record(call, 'key.export', async (subject) => {
        subject.asked = `${version === undefined ? 'the current version' : `version ${version}`} ${whither}`
        async function leaving(
          key: StoredKey,
        ): Promise<Outcome<{ readonly its: StoredVersion; readonly recipient: KeyObject }>> {
          const proved = provedLately(call.caller)
          if (!proved.ok) return proved
          if (key.threshold !== null) return ofCeremony()
          if (!key.is_exportable) return refuse('KEY-NOT-EXPORTABLE', 'it was not made to leave')
          if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
          const wanted = version ?? key.current_version
          subject.version = wanted
          const its = await versionOf(key, wanted, ['enabled', 'decrypt-only'])
          if (!its.ok) return its
          const recipient = rsaOf(to)
          return recipient === null
            ? refuse('WRAPPING-KEY', 'expected DER SPKI of an RSA key of 3072 bits or more')
            : accept({ its: its.value, recipient })
        }
        const found = await permitted(call, subject, 'key.export', await repository.findKey(id), leaving)
        if (!found.ok) return found
        const ready = await leaving(found.value)
        if (!ready.ok) return ready
        const { its, recipient } = ready.value
        subject.input = [to]
        const wrapped = await unwrapping.useKey(found.value, its, (bytes) =>
          byOaep ? sealByOaep(recipient, bytes) : sealWrapped(recipient, bytes),
        )
        subject.output = [wrapped]
        return accept({ wrapped, version: its.row.version })
      })
    },

    /**
     * Destroys every version at once and for ever: no waiting, no way back, and no bundle or restore brings the id back. Level
     * S0. Again, it gives the same receipt. `confirm` is the key's name.
     */
    shred(
      call: Call,
      { id, confirm }: { id: string; confirm: string },
    ): Promise<Outcome<SignedShredReceipt>> {
      async function mayGo(key: StoredKey): Promise<Outcome<unknown>> {
        // Its shares are with its holders: no receipt of this server could say that they are gone.
        if (key.threshold !== null) return ofCeremony()
        if ((await lifecycle.findTombstone('data', id)) !== 'absent') return accept(null)
        const proved = provedLately(call.caller)
        if (!proved.ok) return proved
        return confirm === key.name
          ? accept(null)
          : refuse('SHRED-CONFIRM', 'the name that confirms it is not the key’s')
      }
      async function shredded(key: StoredKey, subject: Subject): Promise<Outcome<SignedShredReceipt>> {
        const before = await lifecycle.findTombstone('data', id)
        // What this server wrote, as it wrote it.
        if (before !== 'absent') return accept(JSON.parse(before) as SignedShredReceipt)
        const versions = (await repository.listVersions(key)).toReversed()
        const payload: ShredReceipt = {
          v: 1,
          kind: 'shred-receipt',
          audience: parts.audience,
          level: 'S0',
          what: 'data',
          id,
          organisation: key.organisation_id,
          project: key.project_id,
          digest: toHex(sha256(...versions.map(({ row }) => sha256(row.wrapped)))),
          versions: versions.length,
          bundles: [...new Set(versions.flatMap(({ row }) => row.bundleDigest ?? []))],
          shreddedAt: now().toISOString(),
        }
        const signature = await parts.sign(shredContext, encodeCanonical(payload))
        const receipt: SignedShredReceipt = { payload, signatures: [signature] }
        const text = canonicalString(receipt)
        // First where no database is restored over: a crash between leaves a key that is shredded when asked again.
        await parts.noteShredded(text)
        await lifecycle.shredKey(id, text, payload)
        unwrapping.forgetAll()
        subject.output = [utf8(text)]
        return accept(receipt)
      }
      return managing(call, 'key.shred', id, shredded, 'all its versions, at once and for ever', mayGo)
    },
  }
}

const noImportKey = () =>
  refuse('IMPORT-KEY-ABSENT', 'there is no such import key of yours: it was used, or its hour is over')

function rsaOf(spki: Uint8Array): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 3072
      ? key
      : null
  } catch {
    return null
  }
}
