import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { fromBase64, toBase64, verifyConsistency } from '@lux/crypto'
import { isSigned, noteVerifier, parseNote } from '../../src/audit/note.ts'
import type { Asked, Egress } from '../../src/platform/http/egress.ts'
import { accept } from '../../src/refusal.ts'

/** What a witness may do besides what it should. */
export type Mischief = 'none' | 'away' | 'other-text' | 'other-key' | 'old-time' | 'long' | 'rubbish'

/** A witness by C2SP tlog-witness to the letter, for one log: it cosigns where the log goes on from what it saw, and nothing else. */
export function strictWitness(name: string, logKey: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const typed = Buffer.concat([Buffer.of(4), publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)])
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4)
  const log = noteVerifier(logKey)
  let seen: { size: number; root: Uint8Array } | null = null
  const witness = {
    vkey: `${name}+${id.toString('hex')}+${toBase64(typed)}`,
    mischief: 'none' as Mischief,
    asked: [] as number[],
    get size() {
      return seen?.size ?? 0
    },
    /** It has seen another log of this name, larger than ours. */
    sees(size: number) {
      seen = { size, root: new Uint8Array(32) }
    },
    answer({ method, url, body = Buffer.of() }: Asked): {
      status: number
      body: Buffer
      type: string | null
    } {
      const reply = (status: number, text = '', type: string | null = 'text/plain') => {
        witness.asked.push(status)
        return { status, body: Buffer.from(text), type }
      }
      if (method !== 'POST' || new URL(url).pathname !== '/add-checkpoint') return reply(404)
      const text = Buffer.from(body).toString('utf8')
      const split = text.indexOf('\n\n')
      const [first = '', ...hashes] = text.slice(0, split).split('\n')
      const old = Number(/^old (0|[1-9][0-9]*)$/.exec(first)?.[1] ?? Number.NaN)
      const note = parseNote(text.slice(split + 2))
      if (!Number.isSafeInteger(old) || hashes.length > 63 || note === null || log === null) return reply(400)
      const { origin, size, root } = note.head
      if (origin !== log.name) return reply(404)
      if (!isSigned(note, log)) return reply(403)
      if (old > size) return reply(400)
      if (old !== (seen?.size ?? 0)) return reply(409, `${seen?.size ?? 0}\n`, 'text/x.tlog.size')
      const proof = hashes.map((hash) => fromBase64(hash))
      const goesOn =
        seen === null
          ? proof.length === 0
          : verifyConsistency({ first: old, second: size, firstRoot: seen.root, secondRoot: root, proof })
      if (!goesOn) return reply(422)
      seen = { size, root }
      const { mischief } = witness
      if (mischief === 'rubbish') return reply(200, 'yes\n')
      if (mischief === 'long') return reply(200, 'x'.repeat(100_000))
      const time = BigInt(Math.floor(Date.now() / 1000) - (mischief === 'old-time' ? 86_400 : 0))
      const by = mischief === 'other-key' ? generateKeyPairSync('ed25519').privateKey : privateKey
      const said = mischief === 'other-text' ? note.text.replace('\n', '\n1') : note.text
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(time)
      const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${said}`), by)
      return reply(200, `\u2014 ${name} ${toBase64(Buffer.concat([id, stamp, signature]))}\n`)
    },
  }
  const egress: Egress = {
    send: async (asked) =>
      witness.mischief === 'away'
        ? { ok: false, rule: 'PROVIDER-TIMEOUT', detail: 'no answer' }
        : accept(witness.answer(asked)),
  }
  return Object.assign(witness, { egress })
}
