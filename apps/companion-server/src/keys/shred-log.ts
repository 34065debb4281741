import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { canonicalString, encodeCanonical, utf8, type VerificationKeys, verifySignature } from '@lux/crypto'
import { parseState, readIfPresent } from '../platform/state-folder/private-file.ts'
import { EnvironmentError } from '../refusal.ts'
import type { LifecycleRepository } from './lifecycle-repository.ts'
import { type SignedShredReceipt, shredContext } from './operations/ending.ts'

/** Receipts of what was shredded, one a line, outside the database: what an older database would bring back is known here. */
export type ShredLog = {
  /** Durable before it resolves. */
  add(line: string): Promise<void>
  read(): Promise<readonly SignedShredReceipt[]>
  /**
   * Whether a line names this key, also one that another process has just added: looking at the file's length costs a call of the system, and
   * no clock, message or database decides how soon it is seen. Throws STATE-DAMAGED.
   */
  names(key: string): boolean
  /** Whether one of level S1 does. */
  raises(key: string): boolean
}

const mostBytes = 64 << 20
/** Ends what a crash or a full disk cut off, before anything was shredded. Nothing is taken away: it may be what another process is adding. */
const cutOff = '\u0018'

export function openShredLog(path: string): ShredLog {
  const named = new Set<string>()
  const raised = new Set<string>()
  let known = 0
  /** Never takes a name back, whatever becomes of the file. */
  function readOn(): void {
    const length = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (length === known) return
    const bytes = readTail(path, length < known ? 0 : known, length)
    const whole = bytes.lastIndexOf('\n') + 1
    for (const { payload } of readLines(path, bytes)) {
      named.add(payload.id)
      if (payload.level === 'S1') raised.add(payload.id)
    }
    known = (length < known ? 0 : known) + whole
  }

  return {
    names(key) {
      readOn()
      return named.has(key)
    },
    raises(key) {
      readOn()
      return raised.has(key)
    },
    async add(line) {
      const file = await open(path, 'a+', 0o600)
      try {
        const { size } = await file.stat()
        const last = Buffer.from('\n')
        if (size > 0) await file.read(last, 0, 1, size - 1)
        const before = last.toString() === '\n' ? '' : `${cutOff}\n`
        await file.appendFile(`${before}${line}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },
    async read() {
      const bytes = await readIfPresent(path, mostBytes)
      return bytes === 'absent' ? [] : readLines(path, Buffer.from(bytes))
    },
  }
}

function readTail(path: string, from: number, to: number): Buffer {
  if (to - from > mostBytes) throw new EnvironmentError('STATE-DAMAGED', `${path} is too long`)
  const bytes = Buffer.alloc(to - from)
  const file = openSync(path, 'r')
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from))
  } finally {
    closeSync(file)
  }
}

/** Brings a database that was restored from before a shredding to what the log says. */
export async function shredAgain(log: ShredLog, rows: LifecycleRepository): Promise<void> {
  for (const receipt of await log.read()) {
    const { what, id, level } = receipt.payload
    if ((await rows.findTombstone(what, id)) === 'absent' || (await rows.hasVersions(id)))
      await rows.shredKey(id, canonicalString(receipt), receipt.payload)
    if (level === 'S1') await rows.raiseShred(what, id, canonicalString(receipt))
  }
}

/**
 * What other servers of this deployment shredded, so that this one's log outlives a restore as well. Receipts that this deployment did not sign
 * are left where they are: their ids.
 */
export async function learnShreds(
  log: ShredLog,
  rows: Pick<LifecycleRepository, 'tombstones' | 'receiptsOf'>,
  by: { readonly receiptKey: VerificationKeys; readonly audience: string },
): Promise<readonly string[]> {
  const unsigned: string[] = []
  for (const { id, isRaised } of await rows.tombstones()) {
    if (log.names(id) && (!isRaised || log.raises(id))) continue
    for (const receipt of await rows.receiptsOf(id)) {
      const level = signedLevel(receipt, id, by)
      if (level === null) unsigned.push(id)
      else if (!(level === 'S1' ? log.raises(id) : log.names(id))) await log.add(receipt)
    }
  }
  return unsigned
}

/** Null of what this deployment did not sign, or signed of something else. */
function signedLevel(text: string, id: string, by: Parameters<typeof learnShreds>[2]) {
  try {
    const { payload, signatures } = JSON.parse(text) as SignedShredReceipt
    const signed = verifySignature(by.receiptKey, shredContext, encodeCanonical(payload), signatures[0])
    const isIts = payload.kind === 'shred-receipt' && payload.id === id && payload.audience === by.audience
    return signed.ok && isIts ? payload.level : null
  } catch {
    // No server writes what cannot be read.
    return null
  }
}

/** Those that are whole. */
function readLines(path: string, bytes: Buffer): SignedShredReceipt[] {
  const lines = bytes.toString('utf8', 0, bytes.lastIndexOf('\n') + 1).split('\n')
  return lines.slice(0, -1).flatMap((line) => (line.endsWith(cutOff) ? [] : [readLine(path, line)]))
}

function readLine(path: string, line: string): SignedShredReceipt {
  // The server wrote the line, and what is used of it is looked at here.
  const value = parseState(path, utf8(line)) as unknown as SignedShredReceipt
  if (value.payload?.kind === 'shred-receipt' && typeof value.payload.id === 'string') return value
  throw new EnvironmentError('STATE-DAMAGED', `${path} is not a log of shred receipts`)
}
