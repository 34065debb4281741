import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  canonicalString,
  encodeCanonical,
  type HybridSignature,
  sha256,
  sha256Hex,
  toHex,
  utf8,
} from '@lux/crypto'
import { bytes, changes, entry } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { id, type KeyParts, type KeyWork, ofCeremony, version } from '../key-work.ts'
import type { LifecycleRepository } from '../lifecycle-repository.ts'
import type { StoredKey } from '../repository.ts'
import { sealByOaep, sealWrapped } from '../transport-wrap.ts'

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

export type EndingParts = KeyParts & {
  readonly lifecycle: LifecycleRepository
  readonly audience: string
  /** Signs with the receipt key, for what the context names. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  /** Adds one line to the log that no database is restored over. Durable before it resolves. */
  noteShredded(line: string): Promise<void>
}

/** What the signature of a shred receipt is made over: this, a zero byte, and the canonical JSON of the payload. */
export const shredContext = 'lux-server/v1/shred-receipt'

/** Keys that leave for elsewhere, or for nowhere. */
export function endingEntries(parts: EndingParts, { onKey, notSwitchedOff, versionOf }: KeyWork) {
  const { repository, lifecycle, unwrapping, now } = parts
  const tombstoneOf = (key: StoredKey) => lifecycle.findTombstone('data', key.id)

  return {
    /** The bytes of one version, wrapped to an RSA key by RSA_AES_KEY_WRAP_SHA_256, or by RSA-OAEP alone; never in the clear. */
    exportKey: entry({
      ...changes,
      ...onKey('key.export'),
      name: 'key.export',
      isChange: false,
      input: {
        id,
        to: bytes(3072, 4096),
        version: Type.Optional(version),
        byOaep: Type.Optional(Type.Boolean()),
        /** Absent: to the RSA key of its digest. */
        whither: Type.Optional(Type.String()),
      },
      secondFactor: true,
      shown: ({ version, to, whither }) =>
        `${version === undefined ? 'the current version' : `version ${version}`} ${whither ?? `to the RSA key of SHA-256 ${sha256Hex(to)}`}`,
      async fits({ found: key, input: { to, version }, subject }) {
        if (key.threshold !== null) return ofCeremony()
        if (!key.is_exportable) return refuse('KEY-NOT-EXPORTABLE', 'it was not made to leave')
        const stands = notSwitchedOff(key)
        if (!stands.ok) return stands
        const wanted = version ?? key.current_version
        subject.version = wanted
        const its = await versionOf(key, wanted, ['enabled', 'decrypt-only'])
        if (!its.ok) return its
        const recipient = rsaOf(to)
        return recipient === null
          ? refuse('WRAPPING-KEY', 'expected DER SPKI of an RSA key of 3072 bits or more')
          : accept({ its: its.value, recipient })
      },
      async run({ found, fitting: { its, recipient }, input: { to, byOaep }, subject }) {
        // What approvers see has its digest already.
        subject.input = [to]
        const wrapped = await unwrapping.useKey(found, its, (bytes) =>
          byOaep ? sealByOaep(recipient, bytes) : sealWrapped(recipient, bytes),
        )
        return accept({ wrapped, version: its.row.version })
      },
      output: ({ wrapped }) => [wrapped],
    }),

    /**
     * Destroys every version at once and for ever: no waiting, no way back, and no bundle or restore brings the id back. Level
     * S0. Again, it gives the same receipt. `confirm` is the key's name.
     */
    shred: entry({
      ...changes,
      ...onKey('key.manage'),
      name: 'key.shred',
      input: { id, confirm: Type.String({ minLength: 1, maxLength: 200 }) },
      secondFactor: async (key) => (await tombstoneOf(key)) === 'absent',
      shown: () => 'all its versions, at once and for ever',
      async fits({ found: key, input: { confirm } }) {
        // Its shares are with its holders: no receipt of this server could say that they are gone.
        if (key.threshold !== null) return ofCeremony()
        const before = await tombstoneOf(key)
        return before !== 'absent' || confirm === key.name
          ? accept(before)
          : refuse('SHRED-CONFIRM', 'the name that confirms it is not the key’s')
      },
      async run({ found: key, fitting: before }): Promise<Outcome<SignedShredReceipt>> {
        // What this server wrote, as it wrote it.
        if (before !== 'absent') return accept(JSON.parse(before) as SignedShredReceipt)
        const versions = (await repository.listVersions(key)).toReversed()
        const payload: ShredReceipt = {
          v: 1,
          kind: 'shred-receipt',
          audience: parts.audience,
          level: 'S0',
          what: 'data',
          id: key.id,
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
        await lifecycle.shredKey(key.id, text, payload)
        unwrapping.forgetAll()
        // Of two at once, the first one's receipt stands.
        const stands = await tombstoneOf(key)
        return accept(stands === 'absent' ? receipt : (JSON.parse(stands) as SignedShredReceipt))
      },
      output: (receipt) => [utf8(canonicalString(receipt))],
    }),
  }
}

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
