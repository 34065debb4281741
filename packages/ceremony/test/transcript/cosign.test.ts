import { describe, expect, it } from 'vitest'
import { type Checkpoint, checkCosign, type FullEntry, Transcript } from '../../src/exports/transcript.ts'
import { sampleBundle } from '../support/sample-bundle.ts'

async function scene() {
  const { header, entries } = await sampleBundle()
  const transcript = new Transcript(header)
  for (const entry of entries) transcript.append(entry)
  const checkpointAt = (of: Transcript, size: number): Checkpoint => ({
    ceremonyId: header.ceremonyId,
    ...of.headAt(size),
    planHash: header.planHash,
    opening: '00'.repeat(32),
    previous: null,
    time: '2026-01-15T10:00:00.000Z',
  })
  return { header, entries, transcript, checkpointAt }
}

describe('a witness', () => {
  it('cosigns what extends its memory, and sees exactly the new entries', async () => {
    const { header, entries, transcript, checkpointAt } = await scene()
    const memory = { ceremonyId: header.ceremonyId, head: transcript.headAt(5) }
    const evidence = { header, entries: entries.slice(0, 9), proof: transcript.consistency(5, 9) }
    const checked = checkCosign(checkpointAt(transcript, 9), evidence, memory)
    expect(checked.ok && checked.value.map(({ seq }) => seq)).toEqual(['5', '6', '7', '8'])
  })

  it('COSIGN-FORK refuses a second history behind its memory', async () => {
    const { header, entries, transcript, checkpointAt } = await scene()
    const memory = { ceremonyId: header.ceremonyId, head: transcript.headAt(5) }
    const forked: FullEntry[] = entries.map((entry) =>
      entry.seq === '2' ? { ...entry, fact: { other: true } } : entry,
    )
    const other = new Transcript(header)
    for (const entry of forked) other.append(entry)
    const evidence = { header, entries: forked.slice(0, 9), proof: other.consistency(5, 9) }
    expect(checkCosign(checkpointAt(other, 9), evidence, memory)).toMatchObject({
      ok: false,
      rule: 'COSIGN-FORK',
    })
  })

  it('COSIGN-FORK refuses a wrong consistency proof', async () => {
    const { header, entries, transcript, checkpointAt } = await scene()
    const memory = { ceremonyId: header.ceremonyId, head: transcript.headAt(5) }
    const evidence = { header, entries: entries.slice(0, 9), proof: transcript.consistency(4, 9) }
    expect(checkCosign(checkpointAt(transcript, 9), evidence, memory)).toMatchObject({ rule: 'COSIGN-FORK' })
  })

  it('COSIGN-ROLLBACK refuses less than it cosigned before', async () => {
    const { header, entries, transcript, checkpointAt } = await scene()
    const memory = { ceremonyId: header.ceremonyId, head: transcript.headAt(9) }
    const evidence = { header, entries: entries.slice(0, 5), proof: [] }
    expect(checkCosign(checkpointAt(transcript, 5), evidence, memory)).toMatchObject({
      rule: 'COSIGN-ROLLBACK',
    })
  })

  it('COSIGN-HEAD refuses entries that the checkpoint does not cover', async () => {
    const { header, entries, transcript, checkpointAt } = await scene()
    const evidence = { header, entries: entries.slice(0, 8), proof: [] }
    expect(checkCosign(checkpointAt(transcript, 9), evidence, null)).toMatchObject({ rule: 'COSIGN-HEAD' })
  })
})
