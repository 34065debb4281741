import { sha256Hex } from '@lux/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { readZip } from '../../src/bundle/zip-reader.ts'
import { type CheckId, manifestName, transcriptName, verifyBundle } from '../../src/exports/bundle.ts'
import { memoryReader, type SampleBundle, sampleBundle } from '../support/sample-bundle.ts'

let sample: SampleBundle
let spans: { name: string; start: number; content: number; size: number }[]

beforeAll(async () => {
  sample = await sampleBundle({ fhe: true })
  const archive = await readZip(memoryReader(sample.bytes))
  if (!archive.ok) throw new Error(archive.detail)
  spans = archive.value.entries.map(({ name, size, offset }) => ({
    name,
    start: offset,
    content: offset + 30 + name.length,
    size,
  }))
})

async function failedOf(bytes: Uint8Array): Promise<CheckId[]> {
  const verdict = await verifyBundle(memoryReader(bytes), { policy: sample.policy })
  expect(verdict.verdict).toBe('refused')
  expect(verdict.checks.filter(({ ok, detail }) => ok === false && detail === '')).toEqual([])
  return [...verdict.failed]
}

function flipped(at: number, bit = 1): Uint8Array {
  const bytes = sample.bytes.slice()
  bytes[at]! ^= bit
  return bytes
}

const span = (name: string) => spans.find((one) => one.name === name)!

describe('a bundle', () => {
  it('is accepted as it is, with every check run', async () => {
    const { verdict, checks, contents } = await verifyBundle(memoryReader(sample.bytes), {
      policy: sample.policy,
    })
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([])
    expect(verdict).toBe('accepted')
    expect(contents?.digest).toBe(sample.digest)
  })

  it('is the same bytes when it is built again', async () => {
    const again = await sampleBundle({ fhe: true })
    expect(sha256Hex(again.bytes)).toBe(sha256Hex(sample.bytes))
  })

  it('POLICY-MISSING is never accepted without a policy', async () => {
    const { verdict, failed } = await verifyBundle(memoryReader(sample.bytes))
    expect(verdict).toBe('signers-unknown')
    expect(failed).toEqual(['POLICY-MISSING'])
  })
})

describe('one flipped byte', () => {
  it('ZIP-PROFILE in any byte of a local header, the directory or the end record', async () => {
    const last = spans.at(-1)!
    const places = Array.from(
      { length: sample.bytes.length - last.content - last.size },
      (_, i) => last.content + last.size + i,
    )
    for (const { start, content } of spans) for (let at = start; at < content; at += 3) places.push(at)
    for (const at of places) {
      const { failed } = await verifyBundle(memoryReader(flipped(at)))
      expect(failed).toEqual(['ZIP-PROFILE', 'POLICY-MISSING'])
    }
  })

  it('MANIFEST or a signature check in any part of the manifest', async () => {
    const { content, size } = span(manifestName)
    for (let at = content; at < content + size; at += 2_003) {
      const failed = await failedOf(flipped(at))
      const named: CheckId[] = ['MANIFEST', 'MANIFEST-ENTRIES', 'CEREMONY-SIGNATURE', 'MANIFEST-SIGNATURES']
      expect(failed.some((id) => named.includes(id))).toBe(true)
      expect(failed).toContain('ZIP-CRC')
    }
  })

  it('TRANSCRIPT-DIGEST and the chain in any line of the transcript', async () => {
    const { content, size } = span(transcriptName)
    for (let at = content; at < content + size; at += 307) {
      const failed = await failedOf(flipped(at))
      expect(failed).toContain('TRANSCRIPT-DIGEST')
      expect(failed.some((id) => id === 'TRANSCRIPT-CHAIN' || id === 'TRANSCRIPT-ROOT')).toBe(true)
    }
  })

  it('BLOB-DIGEST in every blob, first, middle and last byte', async () => {
    for (const { content, size } of spans.slice(2)) {
      for (const at of [content, content + (size >> 1), content + size - 1]) {
        // Without a policy the signatures of the officers are not looked at, which makes this quick.
        const { failed } = await verifyBundle(memoryReader(flipped(at)))
        expect(failed).toContain('BLOB-DIGEST')
      }
    }
  }, 60_000)
})

describe('a whole file', () => {
  it('ZIP-PROFILE refuses truncation anywhere, and bytes before or after', async () => {
    const { bytes } = sample
    for (const length of [0, 1, 21, 22, 1000, bytes.length - 22, bytes.length - 1]) {
      expect(await failedOf(bytes.slice(0, length))).toEqual(['ZIP-PROFILE'])
    }
    expect(await failedOf(new Uint8Array([...bytes, 0]))).toEqual(['ZIP-PROFILE'])
    expect(await failedOf(new Uint8Array([0, ...bytes]))).toEqual(['ZIP-PROFILE'])
  })
})
