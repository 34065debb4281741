import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { concatBytes, hkdfSha256, lp, utf8 } from '@lux/crypto'
import { readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'

/** One byte that names the key, and HMAC-SHA-256 over the entry's place and hash. */
export type EntryMac = (writer: string, seq: bigint, hash: Uint8Array) => Buffer

export type EntryMacs = {
  /** Null where neither the token nor the state folder has a key: then no entry can be written. */
  maker(): Promise<EntryMac | null>
  /** Null while the token is sealed. */
  checker(): Promise<((mac: Buffer, ...of: Parameters<EntryMac>) => boolean) | null>
}

export const macLength = 33
/** The deployment's audit key is the token's HMAC of this. */
export const auditKeyLabel = 'custody-audit-key-1'
const byToken = 0x01
/** By the key in the state folder, while the token is sealed: whoever has that file and writes the database makes such entries. */
const whileSealed = 0x02
const none = new Uint8Array(0)

const entryKey = (auditKey: Uint8Array) => hkdfSha256(auditKey, none, utf8('custody-audit-entry-1'), 32)

/** What the server of a node enters by while its token is sealed; every server derives it to check. */
export const sealedKey = (auditKey: Uint8Array, node: string): Uint8Array =>
  hkdfSha256(entryKey(auditKey), none, concatBytes(utf8('custody-audit-sealed-1'), lp(utf8(node))), 32)

function macBy(kind: number, key: Uint8Array): EntryMac {
  const secret = createSecretKey(key)
  // One buffer for all entries of a chain: lp(writer) | u64be(seq) | hash.
  let of = ''
  let message = Buffer.alloc(0)
  return (writer, seq, hash) => {
    if (writer !== of) {
      of = writer
      message = Buffer.concat([lp(utf8(writer)), Buffer.alloc(40)])
    }
    message.writeBigUInt64BE(seq, message.length - 40)
    message.set(hash, message.length - 32)
    const mac = Buffer.allocUnsafe(macLength)
    mac[0] = kind
    createHmac('sha256', secret).update(message).digest().copy(mac, 1)
    return mac
  }
}

/**
 * `auditKey`: of the deployment, null while the token is sealed. `file`: the key of this node's state folder, which is kept there for such
 * a time. `nodes`: those whose entries are looked at.
 */
export function openEntryMacs({
  auditKey,
  node,
  nodes,
  file,
}: {
  readonly auditKey: () => Promise<Uint8Array | null>
  readonly node: string
  nodes(): Promise<readonly string[]>
  readonly file: string
}): EntryMacs {
  let opened: { readonly of: Uint8Array; readonly make: EntryMac } | null = null
  let sealed: EntryMac | null = null

  async function withToken() {
    const key = await auditKey()
    if (key === null) return null
    // The token's key is one object for as long as it is known.
    if (opened?.of !== key) {
      await keepSealedKey(file, key, node)
      opened = { of: key, make: macBy(byToken, entryKey(key)) }
    }
    return opened
  }

  return {
    async maker() {
      const token = await withToken()
      if (token !== null) return token.make
      if (sealed !== null) return sealed
      const kept = await readIfPresent(file, 64)
      if (kept !== 'absent' && kept.length === 32) sealed = macBy(whileSealed, kept)
      return sealed
    },
    async checker() {
      const token = await withToken()
      if (token === null) return null
      const others = (await nodes()).map((one) => macBy(whileSealed, sealedKey(token.of, one)))
      return (mac, ...of) =>
        mac.length === macLength &&
        (mac[0] === byToken ? [token.make] : others).some((make) => timingSafeEqual(make(...of), mac))
    },
  }
}

/** Before the token is ever sealed: `init` and each start that can. */
export async function keepSealedKey(file: string, auditKey: Uint8Array, node: string): Promise<void> {
  const key = sealedKey(auditKey, node)
  const kept = await readIfPresent(file, 64)
  if (kept === 'absent' || !Buffer.from(kept).equals(key)) await writeWhole(file, key)
}
