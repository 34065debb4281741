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
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { EpochRun } from './epoch-run.ts'

const noBundle = '0'.repeat(64)
export const maxCloseout = 8 << 20
export const maxTranscript = 256 << 20

/** closeout.json, transcript.jsonl, and checkpoints/<size>.json of an aborted run. */
export type AbortedFiles = {
  readonly closeout: Uint8Array
  readonly transcript: Uint8Array
  readonly checkpoints: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

/** The parts of a run that its end is checked against. */
type Of = Pick<EpochRun, 'policy' | 'opening' | 'plan' | 'terms'>
/** `heads`: after 0, 1, 2 … entries. `head`: the last one. */
type Log = { header: Header; heads: Head[]; head: Head; entries: Entry[] }

/**
 * Checks that a run to move a key ended, and never declared the next epoch live. Its ceremony key signs how the log ended. The log reaches
 * that end through every checkpoint of the folder, and witnesses cosigned the last one where the plan says so. Nothing in the log signs the
 * epoch. Witnesses find a ceremony key that signs two histories. `assembled`: from then on new holders had shares that answer a canary.
 * Refuses EPOCH-SIGNATURE, EPOCH-LIVE, EPOCH-LOG, CHAIN-…, SIGNATURE-…, QUORUM-SHORT.
 */
export function checkAborted(run: Of, files: AbortedFiles): Outcome<{ assembled: boolean }> {
  return checked(() => {
    const closeout = signedEnd(run, files.closeout)
    const log = readLog(files.transcript)
    const { header, head, entries } = log
    const { ceremonyId, planHash, domain } = run.terms
    if (header.ceremonyId !== ceremonyId || header.planHash !== planHash || header.domain !== domain)
      no('EPOCH-LOG', 'transcript.jsonl is of another run')
    const led = compareHeads(head, closeout)
    if (!led.ok) no('EPOCH-LOG', `transcript.jsonl: ${led.rule}: ${led.detail}`)
    mustLeadThrough(run, log, closeout, files.checkpoints)
    if (!entries.some(({ kind }) => kind === 'run.aborted'))
      no('EPOCH-LOG', 'the log does not say that the run was aborted')
    if (need(saysLive(entries))) no('EPOCH-LIVE', 'the log says that the next epoch is live')
    return { assembled: saysAssembled(entries) }
  })
}

/** An aborted run has no bundle, and its ceremony key says so. */
function signedEnd({ opening, terms }: Of, bytes: Uint8Array): Closeout {
  const { payload, signatures } = need(closeoutCodec.file.parse(bytes), 'closeout')
  const { ceremonyKeys: keys } = opening
  const [signature] = signatures
  const wrong = (detail: string): never => no('EPOCH-SIGNATURE', `closeout.json: ${detail}`)
  if (payload.ceremonyId !== terms.ceremonyId || payload.domain !== terms.domain)
    wrong('it is of another ceremony')
  if (payload.bundleDigest !== noBundle) wrong('the run was not aborted before its bundle')
  if (signature === undefined || signatures.length > 1 || signature.signer !== identityId(keys))
    return wrong('the ceremony key alone signs it')
  const context = signatureContext('closeout', terms.domain)
  const verdict = verifySignature(keys, context, closeoutCodec.signedBytes(payload), signature)
  if (!verdict.ok) wrong(verdict.detail)
  return payload
}

function readLog(bytes: Uint8Array): Log {
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
  if (!ended.ok) no('EPOCH-LOG', `transcript.jsonl: ${ended.rule}: ${ended.detail}`)
  const head = heads.at(-1)
  if (header === null || head === undefined) return no('EPOCH-LOG', 'transcript.jsonl: it has no header')
  return { header, heads, head, entries }
}

/** The ceremony key signed every checkpoint, and each lies on the log. Witnesses signed too where the plan says so. */
function mustLeadThrough(
  { policy, opening, terms, plan }: Of,
  log: Log,
  closeout: Closeout,
  checkpoints: AbortedFiles['checkpoints'],
): void {
  const digests = checkpoints.map(({ name, bytes }) => {
    const document = need(checkpointCodec.file.parse(bytes), 'checkpoint')
    const { payload } = document
    const { ceremonyKeys: keys } = opening
    const entry = log.entries[Number(payload.size)]
    const cosigned = entry?.kind === 'checkpoint.made' && plan.checkpoints.live.includes(entry.stepId)
    need(
      checkpointCodec.verify(document, terms.domain, [
        { role: 'ceremony key', members: [{ name: 'ceremony key', keys }], quorum: 1 },
        ...(cosigned ? [{ role: 'witness', members: policy.witnesses, quorum: policy.witnessQuorum }] : []),
      ]),
    )
    const head = log.heads[Number(payload.size)]
    const led = head === undefined ? null : compareHeads(head, payload)
    if (led === null || !led.ok || payload.ceremonyId !== terms.ceremonyId)
      no('EPOCH-LOG', `the log does not lead through checkpoints/${name}`)
    return checkpointCodec.payload.digest(payload)
  })
  if (!digests.includes(closeout.lastCheckpoint))
    no('EPOCH-LOG', 'checkpoints/ lacks the last checkpoint that closeout.json names')
}

/** Whether the next epoch's shares were made, or begun. The log need not have the entries after that. */
export function saysAssembled(entries: readonly Entry[]): boolean {
  return entries.some((entry) => 'factHash' in entry || entry.fact.effect === 'assemble-epoch')
}

/**
 * The log's last entry about signing the epoch. A signing that began counts as done, unless it failed or was found absent. Refuses
 * EPOCH-LOG.
 */
export function saysLive(entries: readonly Entry[]): Outcome<boolean> {
  return checked(() => {
    let live = false
    for (const entry of entries) {
      if ('factHash' in entry) return no('EPOCH-LOG', `entry ${entry.seq} is redacted`)
      if (entry.fact.effect !== 'sign-epoch-live') continue
      const absent = entry.kind === 'step.reconciled' && entry.fact.found === 'absent'
      live = entry.kind !== 'step.failed' && !absent
    }
    return live
  })
}
