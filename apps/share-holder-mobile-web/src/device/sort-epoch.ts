import { cardCodec } from '@lux/ceremony/wire'
import { packFiles, unpackFiles } from '@lux/crypto/transport'
import type { Files, No } from './api.ts'

/** The public files of a run that moves a key, sorted by their contents. */
export type EpochFiles = {
  readonly opening: Uint8Array | null
  readonly plan: Uint8Array | null
  readonly pub: Uint8Array | null
  readonly cards: readonly Uint8Array[]
  readonly approvals: readonly Uint8Array[]
  readonly redeals: readonly Uint8Array[]
  readonly corrections: readonly Uint8Array[]
  /** What the dealers sealed to one new holder, and the ceremony key's signature on it. */
  readonly seeds: readonly Uint8Array[]
  readonly signature: Uint8Array | null
  readonly live: Uint8Array | null
  readonly heartbeat: Uint8Array | null
  /** The closeout of a run that was aborted. */
  readonly closeout: Uint8Array | null
  readonly transcript: Uint8Array | null
  readonly checkpoints: readonly Uint8Array[]
}

/** Kinds of which there is one file. Of all others there may be several. */
const single = [
  'opening',
  'plan',
  'pub',
  'signature',
  'live',
  'heartbeat',
  'closeout',
  'transcript',
] as const satisfies readonly (keyof EpochFiles)[]
const several = [
  'cards',
  'approvals',
  'redeals',
  'corrections',
  'seeds',
  'checkpoints',
] as const satisfies readonly (keyof EpochFiles)[]
type Kind = (typeof single)[number] | (typeof several)[number]

/** Sorts the files of a run. Refuses PHONE-EPOCH-FILE for an unknown one, PHONE-FILE-TWICE for two of one kind that differ. */
export function epochFiles(files: Files): { ok: true; value: EpochFiles } | No {
  const found = new Map<Kind, Uint8Array[]>()
  for (const { name, bytes } of files) {
    const kind = kindOf(bytes)
    // A run's folder also has its policy and its requests, which are taken on other screens.
    if (kind === 'other') continue
    if (kind === null) return { ok: false, rule: 'PHONE-EPOCH-FILE', detail: name }
    const before = found.get(kind) ?? []
    if (before.length > 0 && single.some((one) => one === kind))
      return { ok: false, rule: 'PHONE-FILE-TWICE', detail: name }
    found.set(kind, [...before, bytes])
  }
  const one = (kind: (typeof single)[number]) => found.get(kind)?.[0] ?? null
  const all = (kind: (typeof several)[number]) => found.get(kind) ?? []
  return {
    ok: true,
    value: {
      opening: one('opening'),
      plan: one('plan'),
      pub: one('pub'),
      cards: all('cards'),
      approvals: all('approvals'),
      redeals: all('redeals'),
      corrections: all('corrections'),
      seeds: all('seeds'),
      signature: one('signature'),
      live: one('live'),
      heartbeat: one('heartbeat'),
      closeout: one('closeout'),
      transcript: one('transcript'),
      checkpoints: all('checkpoints'),
    },
  }
}

/** What the phone stores of a run until its epoch is live. Nothing in it is secret. */
export function encodeRun({ opening, plan, pub, cards, approvals }: EpochFiles): Uint8Array {
  return packFiles([...[opening, plan, pub].flatMap((one) => one ?? []), ...cards, ...approvals])
}

/** Reads what `encodeRun` wrote. Null where it is malformed. */
export function parseRun(bytes: Uint8Array): EpochFiles | null {
  const files = unpackFiles(bytes)
  const sorted = files.ok ? epochFiles(files.value.map((one) => ({ name: '', bytes: one }))) : null
  return sorted?.ok === true ? sorted.value : null
}

const mostJson = 16 << 20
const kinds: Readonly<Record<string, Kind>> = {
  'epoch-approval': 'approvals',
  redeal: 'redeals',
  'epoch-live': 'live',
  closeout: 'closeout',
}

function kindOf(bytes: Uint8Array): Kind | 'other' | null {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 22))
  if (start === 'age-encryption.org/v1\n') return 'seeds'
  if (start.startsWith('lux-pub1')) return 'pub'
  if (start.startsWith('lux-cor1')) return 'corrections'
  if (start.startsWith('lux-')) return null
  if (bytes[0] !== 0x7b) return isText(bytes) ? 'plan' : null
  const line = bytes.indexOf(0x0a)
  if (line >= 0 && line < bytes.length - 1) return 'transcript'
  if (bytes.length > mostJson) return null
  const read = jsonOf(bytes)
  return read === null ? null : documentOf(read, bytes)
}

function documentOf(read: object, bytes: Uint8Array): Kind | 'other' | null {
  const kind = 'kind' in read ? String(read.kind) : ''
  if (kind === 'heartbeat-request') return 'heartbeat'
  if ('policy' in read || kind.endsWith('-request')) return 'other'
  if (cardCodec.parse(bytes).ok) return 'cards'
  if (!('payload' in read)) return 'signer' in read ? 'signature' : null
  const { payload } = read
  if (typeof payload !== 'object' || payload === null) return null
  if ('kind' in payload) return kinds[String(payload.kind)] ?? null
  if ('root' in payload) return 'checkpoints'
  return 'ceremonyKeys' in payload ? 'opening' : null
}

function jsonOf(bytes: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.length > 1 << 20 || bytes.length === 0 || bytes.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
