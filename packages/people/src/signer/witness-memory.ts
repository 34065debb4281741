import {
  checkCosign,
  checkpointCodec,
  type Entry,
  type Head,
  parseTranscript,
  Transcript,
  type WitnessMemory,
} from '@lux/ceremony/transcript'
import type { Version } from '@lux/ceremony/wire'
import { type Domain, encodeCanonical, type Json, parseCanonical } from '@lux/crypto'
import { members } from '../json-members.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'

export const maxMemory = 1 << 20

/** The heads that a witness’s device cosigned last, by ceremony; JCS {v, kind, ceremonies: {id: head}}. */
export type Memory = { readonly [ceremonyId: string]: Head }

/** Reads the memory; null bytes are an empty one. Refuses WITNESS-MEMORY. */
export function parseMemory(bytes: Uint8Array | null): Outcome<Memory> {
  if (bytes === null) return { ok: true, value: {} }
  const read = checked(() => memoryIn(bytes))
  if (read.ok) return read
  const detail = read.rule === 'WITNESS-MEMORY' ? read.detail : 'it does not parse'
  return { ok: false, rule: 'WITNESS-MEMORY', detail, file: 'memory' }
}

function memoryIn(bytes: Uint8Array): Memory {
  const damaged = (detail: string): never => no('WITNESS-MEMORY', detail)
  const { v, kind, ceremonies } = members(parseCanonical(bytes, { maxBytes: maxMemory }))
  if (v !== 1 || kind !== 'witness-memory' || typeof ceremonies !== 'object' || ceremonies === null)
    return damaged('it is no witness’s memory')
  return Object.fromEntries(
    Object.entries(ceremonies).map(([id, head]) => [id, isHead(head) ? head : damaged(`${id} has no head`)]),
  )
}

/** Stored before a signature leaves, so that a crash in between forgets no signature. */
export function encodeMemory(memory: Memory): Uint8Array {
  // A head is three strings, so the whole is JSON.
  return encodeCanonical({ v: 1, kind: 'witness-memory', ceremonies: memory as unknown as Json })
}

/** What a cosignature needs: the head to remember, the digest and version of the run’s policy, and the new entries. */
export type Cosigning = {
  ceremonyId: string
  domain: Domain
  policy: string
  version: Version
  head: Head
  fresh: readonly Entry[]
}

/**
 * Reads the request’s whole transcript, and compares it with the checkpoint and with what this device remembers. Refuses
 * REQUEST-TRANSCRIPT, COSIGN-CEREMONY, COSIGN-ROLLBACK, COSIGN-FORK, COSIGN-HEAD, CHAIN-….
 */
export function checkCosigning(
  subject: Uint8Array,
  transcript: Uint8Array | null,
  memory: Memory,
): Outcome<Cosigning> {
  return checked(() => {
    const checkpoint = need(checkpointCodec.payload.parse(subject), 'request')
    if (transcript === null)
      return no('REQUEST-TRANSCRIPT', 'the request has no transcript to check', 'request')
    const { header, entries } = need(parseTranscript(transcript), 'transcript')
    const head = memory[header.ceremonyId]
    const remembered: WitnessMemory | null =
      head === undefined ? null : { ceremonyId: header.ceremonyId, head }
    const evidence = { header, entries, proof: proofFrom(remembered, header, entries) }
    const fresh = need(checkCosign(checkpoint, evidence, remembered), 'transcript')
    const { size, node, root } = checkpoint
    return {
      ceremonyId: header.ceremonyId,
      domain: header.domain,
      policy: header.policyDigest,
      version: header.v,
      head: { size, node, root },
      fresh,
    }
  })
}

/** The device has the whole transcript, so it makes the consistency proof itself. A broken chain has none. */
function proofFrom(
  memory: WitnessMemory | null,
  header: ConstructorParameters<typeof Transcript>[0],
  entries: readonly Entry[],
): string[] {
  const from = Number(memory?.head.size ?? 0)
  if (from === 0 || from > entries.length || entries.some(({ seq }, index) => seq !== String(index)))
    return []
  const transcript = new Transcript(header)
  for (const entry of entries) transcript.append(entry)
  return transcript.consistency(from, entries.length)
}

function isHead(value: unknown): value is Head {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['size', 'node', 'root'].every(
      (name) => typeof Object.entries(value).find(([key]) => key === name)?.[1] === 'string',
    )
  )
}
