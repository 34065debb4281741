import { statSync } from 'node:fs'
import { join } from 'node:path'
import { signatureRequestCodec } from '@lux/ceremony/wire'
import { toBase64 } from '@lux/crypto'
import { MAX_SENT, packFiles, unpackFiles } from '@lux/crypto/transport'
import { ExpectedError, readBounded } from '@lux/node-files'
import type { CarriedView, InputOf, ScannedAnswer } from '../../../contract/index.ts'
import { signatureRequest } from '../../runs/exchange/outbox.ts'
import { noteSent } from '../people.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { livePackage } from './epoch-files.ts'
import { awaitedHolders, filesFor, isOfMove } from './own-devices.ts'

/**
 * What a holder who is awaited with a device of their own needs now, for the window to show as codes, in the order in which that device
 * takes it; without a holder, what signers are asked to sign now, or with `live` that the next epoch is. Errors: FILE-MISSING, TRANSFER-TOO-LARGE.
 */
export function carry(parts: ServiceContext, asked: InputOf<'ceremonies.carry'>): { parts: CarriedView[] } {
  const { run, standIns } = parts.runs.get(asked.id)
  const view = run.view()
  const { needs } = view
  if (asked.live === true) {
    const announced = livePackage(run.folder).map((path) =>
      readBounded(join(run.folder.path, path), MAX_SENT),
    )
    if (announced.length === 0) throw nothingAsked()
    return { parts: [{ type: 'epoch-live', payload: toBase64(packed(announced)) }] }
  }
  if (asked.holder === undefined) {
    if (needs?.kind !== 'signatures') throw nothingAsked()
    const request = signatureRequestCodec.encode(signatureRequest(run.folder, view, needs))
    mustBeSmall(request.length)
    return { parts: [{ type: 'signature-request', payload: toBase64(request) }] }
  }
  const files = awaitedHolders(view, standIns).includes(asked.holder) ? filesFor(run, asked.holder) : []
  if (files.length === 0) throw nothingAsked()
  mustBeSmall(files.reduce((sum, { from }) => sum + statSync(from).size, 0))
  const bytes = files.map(({ from }) => readBounded(from, MAX_SENT))
  const carried: CarriedView[] = []
  const type = packageType(isOfMove(run.folder, needs), needs?.kind)
  if (type !== 'request-package') {
    const [policy, ...more] = bytes
    if (policy !== undefined) carried.push({ type: 'policy', payload: toBase64(policy) })
    carried.push({ type, payload: toBase64(packed(more)) })
    if (needs?.kind === 'acknowledgements')
      noteSent(parts, run.folder, { holders: [asked.holder], by: 'codes' })
  } else carried.push({ type: 'request-package', payload: toBase64(packed(bytes)) })
  return { parts: carried }
}

function packageType(moves: boolean, kind: string | undefined): CarriedView['type'] {
  if (kind === 'answers') return 'request-package'
  if (kind === 'heartbeats') return 'heartbeat-request'
  return moves ? 'epoch-package' : 'share-package'
}

const nothingAsked = (): ExpectedError =>
  new ExpectedError('FILE-MISSING', 'nobody is asked for anything now')

function packed(files: readonly Uint8Array[]): Uint8Array {
  const packet = packFiles(files)
  mustBeSmall(packet.length)
  return packet
}

function mustBeSmall(length: number): void {
  if (length > MAX_SENT)
    throw new ExpectedError('TRANSFER-TOO-LARGE', `${length} bytes, more than ${MAX_SENT}`)
}

/** The files of a scanned answer, the signed one first. Errors: TRANSFER-PACKAGE, FILE-WRONG-KIND. */
export function answerFiles(type: ScannedAnswer, payload: Uint8Array): [Uint8Array, ...Uint8Array[]] {
  if (type !== 'holder-answer' && type !== 'redeal-package') return [payload]
  const files = unpackFiles(payload)
  if (!files.ok) throw new ExpectedError(files.rule, files.detail)
  const signed = files.value.find((file) => file[0] === 0x7b)
  if (signed === undefined) throw new ExpectedError('FILE-WRONG-KIND', 'no signed answer is in it')
  return [signed, ...files.value.filter((file) => file !== signed)]
}
