import type { Json } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { EffectKind } from '../model/effects.ts'
import { effectFacts, isEffectKind } from '../steps/facts.ts'
import { factTextFault } from './fact-texts.ts'
import { appendEntry, type Head, headOf, openTranscript, type TranscriptState } from './fold.ts'
import { type LineReader, readLines } from './jsonl.ts'
import type { Entry, Header } from './schema.ts'

/** What verifying a transcript gives: its header and its head after each of the sizes asked for. */
export type Verified = {
  readonly header: Header
  readonly node0: string
  readonly head: Head
  readonly heads: ReadonlyMap<string, Head>
  /** Step of the `checkpoint.made` entry at each of those sizes: it follows what the checkpoint covers. */
  readonly madeAt: ReadonlyMap<string, string>
  /** How many exceptions were opened, and each that was decided; `document` is null where the fact is redacted. */
  readonly opened: number
  readonly decided: readonly { seq: number; stepId: string; document: string | null }[]
  /** By step, the last thing done in it: its entry, when, and the statement that it names; null where the fact is redacted. */
  readonly performed: ReadonlyMap<string, { seq: string; time: string; statement: string | null }>
  /** By step, the effect last performed or adopted in it that reads a key, with what stands there of it. */
  readonly keysRead: ReadonlyMap<string, KeyRead>
  /** The last dealing of a threshold key, with the SHA-256 of its reference string; null where there is none, or it is redacted. */
  readonly dealing: { readonly crs: string | null } | null
  /** By `<step> <effect>`, the last result of an effect that probes or lists a token, or makes, proves or deals a key. */
  readonly results: ReadonlyMap<string, Json>
  /** Steps in which something was done of which the fact is redacted. */
  readonly redacted: ReadonlySet<string>
  /** Steps of which there is any entry; and those that were worked on, as they followed each other. */
  readonly named: ReadonlySet<string>
  readonly course: readonly string[]
  /** Every key that was made or dealt, again after a retry too; but for redacted entries. */
  readonly made: readonly Made[]
  /** Who signed or proved something at the workstation itself, which alone showed them the bytes; each once. */
  readonly signedHere: readonly string[]
  /** Who heard words read aloud, as it stands there; `fact` is null where it is redacted. */
  readonly readings: readonly Reading[]
  /** The first entry of a name or a typed text that breaks the text rule, and how; null before version 3. */
  readonly illText: string | null
  /** What kept the run from sealing a bundle at the end of this transcript, by the kind of its entry. */
  readonly stopped: string | null
}

type Reading = { kind: 'reading.heard' | 'reading.signed'; stepId: string; fact: Json }

type Made = { seq: number; stepId: string; effect: string; ckaId: Json }

/** Entries that no bundle's transcript has: it is sealed after its last entry, and an aborted run has no bundle. */
const endings: readonly string[] = [
  'run.aborted',
  'run.sealed',
  'run.exported',
  'run.receipted',
  'run.closed',
]

export type KeyRead = { effect: string; ckaId: Json; attributes: Json }

export type TranscriptVerifier = Pick<LineReader, 'push'> & { end(): Outcome<Verified> }

/**
 * Folds a transcript as its bytes arrive. `sizes` are the checkpoints' sizes, at which the head is kept. Refuses
 * as `readLines` and `appendEntry` do; whether the heads are the signed ones is for the caller to compare.
 */
export function verifyTranscript(sizes: ReadonlySet<string>): TranscriptVerifier {
  let opened: { header: Header; node0: string } | null = null
  let transcript: TranscriptState | null = null
  const heads = new Map<string, Head>()
  const madeAt = new Map<string, string>()
  const decided: Verified['decided'][number][] = []
  const performed = new Map<string, { seq: string; time: string; statement: string | null }>()
  const keysRead = new Map<string, KeyRead>()
  let dealing: Verified['dealing'] = null
  const results = new Map<string, Json>()
  const redacted = new Set<string>()
  const named = new Set<string>()
  const course: string[] = []
  const all: Made[] = []
  const here = new Set<string>()
  const readings: Reading[] = []
  let illText: string | null = null
  let paused = false
  let ending: string | null = null
  let exceptions = 0

  function keep(at: TranscriptState): void {
    if (sizes.has(String(at.size))) heads.set(String(at.size), headOf(at))
  }

  const reader = readLines({
    header(header) {
      transcript = openTranscript(header)
      opened = { header, node0: headOf(transcript).node }
      keep(transcript)
      return accept(null)
    },
    entry(entry) {
      if (transcript === null) return refuse('CHAIN-TRUNCATED', 'an entry before the header')
      const appended = appendEntry(transcript, entry)
      if (!appended.ok) return appended
      transcript = appended.value
      const { kind, seq, stepId, time } = entry
      if (opened?.header.v === 3 && 'fact' in entry && illText === null) {
        const fault = factTextFault(entry.fact)
        if (fault !== null) illText = `entry ${seq}, ${kind}: ${fault}`
      }
      if (kind === 'checkpoint.made' && sizes.has(seq)) madeAt.set(seq, stepId)
      if (kind === 'exception.opened') exceptions += 1
      if (kind === 'exception.decided')
        decided.push({ seq: Number(seq), stepId, document: documentOf(entry) })
      if (kind === 'step.performed') performed.set(stepId, { seq, time, statement: statementOf(entry) })
      const done = kind === 'step.performed' || kind === 'step.reconciled'
      const read = done ? keyReadIn(entry) : null
      if (read !== null) keysRead.set(stepId, read)
      if (done) dealing = dealingIn(entry) ?? dealing
      if (done && 'factHash' in entry) redacted.add(stepId)
      const made = done ? resultIn(entry) : null
      if (made !== null) {
        results.set(`${stepId} ${made.effect}`, made.result)
        if (effectFacts[made.effect].result === 'makes a key')
          all.push({ seq: Number(seq), stepId, effect: made.effect, ckaId: read?.ckaId ?? null })
      }
      named.add(stepId)
      if (kind === 'reading.heard' || kind === 'reading.signed')
        readings.push({ kind, stepId, fact: 'fact' in entry ? entry.fact : null })
      const signer = signedAt(entry)
      if (signer !== null) here.add(signer)
      if (kind.startsWith('step.') && course.at(-1) !== stepId) course.push(stepId)
      if (kind === 'run.paused' || kind === 'run.resumed') paused = kind === 'run.paused'
      if (ending === null && endings.includes(kind)) ending = kind
      keep(transcript)
      return accept(null)
    },
  })

  return {
    push: reader.push,
    end() {
      const ended = reader.end()
      if (!ended.ok) return ended
      if (opened === null || transcript === null) return refuse('CHAIN-TRUNCATED', 'no header')
      const head = headOf(transcript)
      return accept({
        ...opened,
        head,
        heads,
        madeAt,
        decided,
        performed,
        keysRead,
        dealing,
        results,
        redacted,
        named,
        course,
        made: all,
        signedHere: [...here],
        readings,
        illText,
        stopped: ending ?? (paused ? 'run.paused' : null),
        opened: exceptions,
      })
    },
  }
}

const signing: readonly string[] = [
  'signature.accepted',
  'checkpoint.cosigned',
  'holder.acknowledged',
  'custodian.acknowledged',
  'reading.signed',
]

/** The name in an entry that says of a signature that it was made at the workstation itself, else null. */
function signedAt(entry: Entry): string | null {
  if ('factHash' in entry || !signing.includes(entry.kind)) return null
  const { here, name, payload } = entry.fact
  const said = name ?? (payload instanceof Object && 'name' in payload ? payload.name : null)
  return here === true && typeof said === 'string' ? said : null
}

/** What a decided exception names as its signed document; whatever else stands there names none. */
function documentOf(entry: Entry): string | null {
  if ('factHash' in entry) return null
  const { document } = entry.fact
  return typeof document === 'string' ? document : ''
}

/** What a performed attestation names as the companion's statement; '' where it names none. */
function statementOf(entry: Entry): string | null {
  if ('factHash' in entry) return null
  const { result } = entry.fact
  if (typeof result !== 'object' || result === null || !('statement' in result)) return ''
  const { statement } = result
  if (typeof statement !== 'object' || statement === null || !('document' in statement)) return ''
  return typeof statement.document === 'string' ? statement.document : ''
}

/** The evidence of a result; null where there is none, and where the fact is redacted. */
function keyReadIn(entry: Entry): KeyRead | null {
  if ('factHash' in entry) return null
  const { effect, result } = entry.fact
  if (typeof effect !== 'string' || typeof result !== 'object' || result === null || !('evidence' in result))
    return null
  const { evidence } = result
  const read: { readonly [name: string]: Json } =
    typeof evidence === 'object' && evidence !== null && !isList(evidence) ? evidence : {}
  return { effect, ckaId: read.ckaId ?? null, attributes: read.attributes ?? null }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** Null where nothing was adopted, and where the fact is redacted or of another effect. */
function resultIn(entry: Entry): { effect: EffectKind; result: Json } | null {
  if ('factHash' in entry) return null
  const { effect, result } = entry.fact
  if (!isEffectKind(effect) || effectFacts[effect].result === null) return null
  return result === undefined || result === null ? null : { effect, result }
}

function dealingIn(entry: Entry): Verified['dealing'] {
  if ('factHash' in entry || entry.fact.effect !== 'fhe-deal') return null
  const { result } = entry.fact
  if (typeof result !== 'object' || result === null || !('crs' in result)) return { crs: null }
  const { crs } = result
  const named = typeof crs === 'object' && crs !== null && 'sha256' in crs ? crs.sha256 : ''
  return { crs: typeof named === 'string' ? named : '' }
}

/** CHAIN-SIZE, CHAIN-NODE or CHAIN-ROOT when the head that was computed is not the signed one. */
export function compareHeads(computed: Head, signed: Head): Outcome<null> {
  if (computed.size !== signed.size) {
    return refuse('CHAIN-SIZE', `${computed.size} entries, ${signed.size} were signed`)
  }
  if (computed.node !== signed.node) return refuse('CHAIN-NODE', `the chain head at ${signed.size} differs`)
  if (computed.root !== signed.root) return refuse('CHAIN-ROOT', `the Merkle root at ${signed.size} differs`)
  return accept(null)
}
