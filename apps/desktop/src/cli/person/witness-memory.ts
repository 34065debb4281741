import { existsSync } from 'node:fs'
import type { Domain } from '@lux/ceremony'
import {
  checkCosign,
  checkpointCodec,
  type Entry,
  type Head,
  parseTranscript,
  Transcript,
  type WitnessMemory,
} from '@lux/ceremony/transcript'
import { encodeCanonical, type Json, parseCanonical } from '@lux/crypto'
import { CoreError, readBounded, writeInFolder } from '@lux/node-files'
import { refused } from '../shell/command-line.ts'

const maxMemory = 1 << 20
const remedy = 'sign nothing; tell the officers and the other witnesses'

/** The heads that a witness’s device cosigned last, by ceremony; JCS {v, kind, ceremonies: {id: head}}. */
export type Memory = { readonly [ceremonyId: string]: Head }

/** Empty where the file is not there yet. Errors: WITNESS-MEMORY. */
export function readMemory(path: string): Memory {
  if (!existsSync(path)) return {}
  const damaged = (detail: string) =>
    new CoreError(
      'WITNESS-MEMORY',
      `${path}: ${detail}`,
      'restore it from its copy; without it a rollback is not seen',
    )
  try {
    const file = parseCanonical(readBounded(path, maxMemory), { maxBytes: maxMemory })
    const { v, kind, ceremonies } = Object.fromEntries(Object.entries(file ?? {}))
    if (v !== 1 || kind !== 'witness-memory' || typeof ceremonies !== 'object' || ceremonies === null)
      throw damaged('it is no witness’s memory')
    return Object.fromEntries(
      Object.entries(ceremonies).map(([id, head]) => {
        if (!isHead(head)) throw damaged(`${id} has no head`)
        return [id, head]
      }),
    )
  } catch (error) {
    if (error instanceof CoreError) throw error
    throw damaged('it does not parse')
  }
}

/** On disk before a signature leaves: a device that crashes in between has signed nothing that it forgot. */
export function writeMemory(path: string, memory: Memory): void {
  // Heads are three strings each.
  writeInFolder(
    path,
    encodeCanonical({ v: 1, kind: 'witness-memory', ceremonies: memory as unknown as Json }),
  )
}

/** What a cosignature rests on: the head to remember, and the entries that are new since the last one. */
export type Cosigning = { ceremonyId: string; domain: Domain; head: Head; fresh: readonly Entry[] }

/**
 * Folds the request’s whole transcript and compares it with the checkpoint and with what this device remembers.
 * Errors: REQUEST-TRANSCRIPT, COSIGN-CEREMONY, COSIGN-ROLLBACK, COSIGN-FORK, COSIGN-HEAD, CHAIN-….
 */
export function checkCosigning(
  subject: Uint8Array,
  transcript: Uint8Array | null,
  memory: Memory,
): Cosigning {
  const checkpoint = checkpointCodec.payload.parse(subject)
  if (!checkpoint.ok) throw refused(checkpoint, remedy)
  if (transcript === null)
    throw new CoreError(
      'REQUEST-TRANSCRIPT',
      'the request has no transcript to check',
      'ask for a new request',
    )
  const read = parseTranscript(transcript)
  if (!read.ok) throw refused(read, remedy)
  const { header, entries } = read.value
  const head = memory[header.ceremonyId]
  const remembered: WitnessMemory | null = head === undefined ? null : { ceremonyId: header.ceremonyId, head }
  const evidence = { header, entries, proof: proofFrom(remembered, header, entries) }
  const checked = checkCosign(checkpoint.value, evidence, remembered)
  if (!checked.ok) throw refused(checked, remedy)
  const { size, node, root } = checkpoint.value
  return {
    ceremonyId: header.ceremonyId,
    domain: header.domain,
    head: { size, node, root },
    fresh: checked.value,
  }
}

/** The whole transcript is here, so the device makes the consistency proof itself; a broken chain has none. */
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
