import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  appendEntry,
  checkpointCodec,
  compareHeads,
  type Entry,
  type Head,
  type Header,
  headOf,
  openTranscript,
  readLines,
  type TranscriptState,
} from '@lux/ceremony/transcript'
import { type Closeout, closeoutCodec, signatureContext } from '@lux/ceremony/wire'
import { identityId, verifySignature } from '@lux/crypto'
import { CoreError, readBounded } from '@lux/node-files'
import type { EpochRun } from './holder-run.ts'
import { refused } from './shell/command-line.ts'
import { readParsed } from './shell/files.ts'

const noBundle = '0'.repeat(64)
const maxTranscript = 256 << 20
const stop = 'keep nothing of this epoch; tell the administrator of the ceremony'

/** `heads` are those after 0, 1, 2 … entries, `head` is the last. */
type Log = { header: Header; heads: Head[]; head: Head; entries: Entry[] }

/**
 * That a run which was to move a key is over and never said that the next epoch is live: its ceremony key signs how the log
 * ended, the log leads exactly there through every checkpoint of the folder, the last of which witnesses of the policy
 * cosigned where the plan wants it, and nothing in it signs the epoch. A ceremony key that signs two histories is for the
 * witnesses to find. `assembled`: from then on new holders had shares that answer a canary. Errors: EPOCH-SIGNATURE, EPOCH-LIVE, EPOCH-LOG, CHAIN-…, SIGNATURE-…, QUORUM-SHORT, FILE-….
 */
export function checkAborted(run: EpochRun): { assembled: boolean } {
  const closeout = signedEnd(run)
  const log = readLog(join(run.folder, 'transcript.jsonl'))
  const { header, head, entries } = log
  const { ceremonyId, planHash, domain } = run.terms
  if (header.ceremonyId !== ceremonyId || header.planHash !== planHash || header.domain !== domain)
    throw new CoreError('EPOCH-LOG', 'transcript.jsonl is of another run', stop)
  const led = compareHeads(head, closeout)
  if (!led.ok) throw new CoreError('EPOCH-LOG', `transcript.jsonl: ${led.rule}: ${led.detail}`, stop)
  checkCheckpoints(run, log, closeout)
  if (!entries.some(({ kind }) => kind === 'run.aborted'))
    throw new CoreError('EPOCH-LOG', 'the log does not say that the run was aborted', stop)
  if (saysLive(entries)) throw new CoreError('EPOCH-LIVE', 'the log says that the next epoch is live')
  return { assembled: saysAssembled(entries) }
}

/** An aborted run has no bundle, and its ceremony key says so. */
function signedEnd({ folder, opening, terms }: EpochRun): Closeout {
  const { payload, signatures } = readParsed(join(folder, 'closeout.json'), closeoutCodec.file, 8 << 20)
  const { ceremonyKeys: keys } = opening
  const [signature] = signatures
  const wrong = (detail: string) => new CoreError('EPOCH-SIGNATURE', `closeout.json: ${detail}`)
  if (payload.ceremonyId !== terms.ceremonyId || payload.domain !== terms.domain)
    throw wrong('it is of another ceremony')
  if (payload.bundleDigest !== noBundle) throw wrong('the run was not aborted before its bundle')
  if (signature === undefined || signatures.length > 1 || signature.signer !== identityId(keys))
    throw wrong('the ceremony key alone signs it')
  const context = signatureContext('closeout', terms.domain)
  const verdict = verifySignature(keys, context, closeoutCodec.signedBytes(payload), signature)
  if (!verdict.ok) throw wrong(verdict.detail)
  return payload
}

function readLog(path: string): Log {
  const bytes = readBounded(path, maxTranscript)
  let header: Header | null = null
  let at: TranscriptState | null = null
  const heads: Head[] = []
  const entries: Entry[] = []
  const reader = readLines({
    header(read) {
      header = read
      at = openTranscript(read)
      heads.push(headOf(at))
      return { ok: true, value: null }
    },
    entry(entry) {
      if (at === null) return { ok: false, rule: 'CHAIN-TRUNCATED', detail: 'an entry before the header' }
      const appended = appendEntry(at, entry)
      if (!appended.ok) return appended
      at = appended.value
      heads.push(headOf(at))
      entries.push(entry)
      return { ok: true, value: null }
    },
  })
  const pushed = reader.push(bytes)
  const ended = pushed.ok ? reader.end() : pushed
  if (!ended.ok) throw new CoreError('EPOCH-LOG', `${path}: ${ended.rule}: ${ended.detail}`, stop)
  const head = heads.at(-1)
  if (header === null || head === undefined)
    throw new CoreError('EPOCH-LOG', `${path}: it has no header`, stop)
  return { header, heads, head, entries }
}

/** Every checkpoint is signed by the ceremony key and lies on the log; those that the plan makes live, by witnesses too. */
function checkCheckpoints(
  { folder, policy, opening, terms, plan }: EpochRun,
  log: Log,
  closeout: Closeout,
): void {
  const place = join(folder, 'checkpoints')
  const names = existsSync(place) ? readdirSync(place).filter((name) => /^\d{1,15}\.json$/.test(name)) : []
  const digests = names.map((name) => {
    const document = readParsed(join(place, name), checkpointCodec.file)
    const { payload } = document
    const { ceremonyKeys: keys } = opening
    const entry = log.entries[Number(payload.size)]
    const cosigned = entry?.kind === 'checkpoint.made' && plan.checkpoints.live.includes(entry.stepId)
    const signed = checkpointCodec.verify(document, terms.domain, [
      { role: 'ceremony key', members: [{ name: 'ceremony key', keys }], quorum: 1 },
      ...(cosigned ? [{ role: 'witness', members: policy.witnesses, quorum: policy.witnessQuorum }] : []),
    ])
    if (!signed.ok) throw refused(signed, stop)
    const head = log.heads[Number(payload.size)]
    const led = head === undefined ? null : compareHeads(head, payload)
    if (led === null || !led.ok || payload.ceremonyId !== terms.ceremonyId)
      throw new CoreError('EPOCH-LOG', `the log does not lead through checkpoints/${name}`, stop)
    return checkpointCodec.payload.digest(payload)
  })
  if (!digests.includes(closeout.lastCheckpoint))
    throw new CoreError('EPOCH-LOG', 'checkpoints/ lacks the last checkpoint that closeout.json names', stop)
}

/** Whether the next epoch was put together, or begun to be: what comes after it need not stand in the log. */
export function saysAssembled(entries: readonly Entry[]): boolean {
  return entries.some((entry) => 'factHash' in entry || entry.fact.effect === 'assemble-epoch')
}

/** The last word on signing the epoch: begun and neither failed nor found absent counts as signed. */
export function saysLive(entries: readonly Entry[]): boolean {
  let live = false
  for (const entry of entries) {
    if ('factHash' in entry) throw new CoreError('EPOCH-LOG', `entry ${entry.seq} is redacted`, stop)
    if (entry.fact.effect !== 'sign-epoch-live') continue
    const absent = entry.kind === 'step.reconciled' && entry.fact.found === 'absent'
    live = entry.kind !== 'step.failed' && !absent
  }
  return live
}
