import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkpointCodec,
  type Entry,
  encodeTranscript,
  type Header,
  Transcript,
} from '@lux/ceremony/transcript'
import { openingCodec, type SignatureRequest, signatureRequestCodec } from '@lux/ceremony/wire'
import { toBase64, type VerificationKeys } from '@lux/crypto'

const ceremonyId = 'ab'.repeat(16)
export const digest = (letter: string) => letter.repeat(64)

/** Writes a request file as a workstation would, below `folder`. */
export function written(
  folder: string,
  name: string,
  request: Partial<SignatureRequest> & Pick<SignatureRequest, 'what' | 'subject'>,
): string {
  const path = join(folder, name)
  const file: SignatureRequest = {
    v: 1,
    kind: 'signature-request',
    domain: 'production',
    lines: [],
    ...request,
  }
  writeFileSync(path, signatureRequestCodec.encode(file))
  return path
}

/** Subject of an opening certificate, base64. */
export function opening(
  ceremonyKeys: VerificationKeys,
  domain: 'production' | 'rehearsal' = 'production',
): string {
  const bytes = openingCodec.signedBytes({
    ceremonyId,
    domain,
    planHash: digest('1'),
    policyDigest: digest('2'),
    node0: digest('3'),
    tokenSerials: ['4711'],
    ceremonyKeys,
  })
  return toBase64(bytes)
}

export const header: Header = {
  v: 1,
  ceremonyId,
  created: '2026-01-31T09:30:00.000Z',
  domain: 'production',
  planHash: digest('1'),
  planPolicy: digest('2'),
  policyDigest: digest('2'),
  tool: { version: '1', build: digest('4') },
  machine: { measurement: digest('5'), kernel: '6', tpmQuote: 'none' },
  tokens: [],
  roster: [],
  standIns: [],
}

export function entries(count: number, what = 'confirmed'): Entry[] {
  return Array.from({ length: count }, (_, seq) => ({
    seq: String(seq),
    time: '2026-01-31T09:31:00.000Z',
    stepId: 'step',
    kind: 'step.confirmed',
    salt: '00'.repeat(16),
    fact: { by: `${what} ${seq}` },
  }))
}

/** A witness is asked to cosign the checkpoint after these entries. */
export function checkpointRequest(
  folder: string,
  name: string,
  shown: Entry[],
  change: { node?: string } = {},
  of: Header = header,
): string {
  const transcript = new Transcript(of)
  for (const entry of shown) transcript.append(entry)
  const subject = checkpointCodec.signedBytes({
    ceremonyId,
    ...transcript.headAt(shown.length),
    planHash: digest('1'),
    opening: digest('7'),
    previous: null,
    time: '2026-01-31T09:32:00.000Z',
    ...change,
  })
  return written(folder, name, {
    what: 'checkpoint',
    subject: toBase64(subject),
    transcript: toBase64(encodeTranscript(of, shown)),
  })
}
