import { createHmac, createSecretKey, type KeyObject, randomUUID } from 'node:crypto'
import { concatBytes, hkdfSha256, lp, u32be, utf8 } from '@lux/crypto'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../access/authorize.ts'
import { type Digests, notingAuthority } from '../platform/database/authority/authority.ts'
import { EnvironmentError, type Outcome } from '../refusal.ts'
import type { AuditEntry, AuditReceipt, AuditWriter } from './writer.ts'

/** One operation that somebody asks for, by whatever door. `receipt` is filled by the operation itself. */
export type Call = {
  readonly caller: Caller
  readonly door: 'http' | 'kmip' | 'aws' | 'vault' | 'direct' | 'server'
  readonly reqId: string
  receipt: AuditReceipt | 'unavailable' | null
}

/** The server's own, where the clock asks. */
export function ownCall(): Call {
  return { caller: { identity: 'server', grants: [] }, door: 'server', reqId: randomUUID(), receipt: null }
}

/** What an operation says of its work as it gets to know it. Inputs and outputs are kept as keyed hashes alone. */
export type Subject = {
  readonly operation: string
  /** What it is done with, in words, where a person is to approve it: asked for then alone. */
  asked: string | (() => string)
  organisation: string | null
  project: string | null
  key: string | null
  version: number | null
  input: readonly Uint8Array[]
  output: readonly Uint8Array[]
  /** What was changed of whose authority before it was known who asks. */
  authority?: Digests
}

/** Runs an operation and gives its outcome once its audit entry is durable. Throws AUDIT-UNAVAILABLE in place of it. */
export type Record = <T>(
  call: Call,
  operation: string,
  work: (subject: Subject) => Promise<Outcome<T>>,
) => Promise<Outcome<T>>

/**
 * `auditKey`: of the deployment, null while the token is sealed; then nothing is done, and there is nothing to hash. An
 * unkeyed hash would show a plaintext that can be guessed.
 */
export function openRecord(
  writer: AuditWriter,
  now: () => Date,
  auditKey: () => Promise<Uint8Array | null>,
): Record {
  return async (call, operation, work) => {
    const subject: Subject = {
      operation,
      asked: '',
      organisation: null,
      project: null,
      key: null,
      version: null,
      input: [],
      output: [],
    }
    const changed: Digests = new Map()
    let ended: { outcome: Awaited<ReturnType<typeof work>> } | { error: unknown }
    try {
      ended = { outcome: await notingAuthority(changed, () => work(subject)) }
    } catch (error) {
      ended = { error }
    }
    const said = 'error' in ended ? codeOf(ended.error) : ended.outcome.ok ? 'ok' : ended.outcome.rule
    try {
      const key = subject.input.length + subject.output.length > 0 ? await auditKey() : null
      const { input, output, authority = changed, asked: _, ...named } = subject
      call.receipt = await writer.append({
        time: now().toISOString(),
        reqId: call.reqId,
        door: call.door,
        source: call.caller.circumstances?.source ?? null,
        identity: call.caller.identity,
        ...named,
        ...byOf(call.caller),
        ...(authority.size === 0 ? {} : { authority: Object.fromEntries(authority) }),
        outcome: said,
        input: digestOf(key, subject.project, 'input', input),
        output: digestOf(key, subject.project, 'output', output),
      })
    } catch (error) {
      call.receipt = 'unavailable'
      if (error instanceof EnvironmentError) throw error
      throw new EnvironmentError('AUDIT-UNAVAILABLE', 'the audit log cannot be written', { cause: error })
    }
    if ('error' in ended) throw ended.error
    return ended.outcome
  }
}

/** By what a caller came in, as entries say it. */
export function byOf({ by }: Caller): Pick<AuditEntry, 'credential' | 'factor'> {
  if (by === undefined) return {}
  const { credential, proved } = by
  return { credential, factor: proved === null ? 'none' : `${proved.by}:${proved.at.toISOString()}` }
}

/** What says of inputs that they are the same, and nothing else. Null while the token is sealed, or of none. */
export function openInputDigest(auditKey: () => Promise<Uint8Array | null>) {
  return async ({ project, input }: Subject): Promise<string | null> =>
    digestOf(await auditKey(), project, 'input', input)
}

/** HMAC-SHA-256, hex, by the audit key of the project: HKDF(deployment's key, "", "custody-audit-1" | lp(project)). */
function digestOf(
  key: Uint8Array | null,
  project: string | null,
  side: 'input' | 'output',
  parts: readonly Uint8Array[],
): string | null {
  if (key === null || parts.length === 0) return null
  const hmac = createHmac('sha256', projectAuditKey(key, project ?? ''))
  for (const part of [utf8(side), ...parts]) hmac.update(u32be(part.length)).update(part)
  return hmac.digest('hex')
}

/** Derived once for as long as the deployment's own key is here, which is as good as all of them. */
const derived = new WeakMap<Uint8Array, LRUCache<string, KeyObject>>()

function projectAuditKey(key: Uint8Array, project: string): KeyObject {
  const of = derived.get(key) ?? new LRUCache<string, KeyObject>({ max: 1000 })
  derived.set(key, of)
  const known = of.get(project)
  if (known) return known
  const own = hkdfSha256(key, new Uint8Array(0), concatBytes(utf8('custody-audit-1'), lp(utf8(project))), 32)
  const made = createSecretKey(own)
  own.fill(0)
  of.set(project, made)
  return made
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL'
}
