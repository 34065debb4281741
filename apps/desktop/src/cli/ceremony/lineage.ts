import type { Command, Domain } from '@lux/ceremony'
import { receiptCodec, serverCardCodec } from '@lux/ceremony/wire'
import type { VerificationKeys } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { firstOfLine, type Lineage } from '../../core/runs/effects/context.ts'
import type { RunFolder } from '../../core/runs/folder/run-folder.ts'
import { readParsed } from '../shell/files.ts'

/** The server that a run's bundle is for, as its card says. */
export type Addressee = { audience: string; domain: Domain; receiptKey: VerificationKeys }

/** Of a run that is about to be begun; null without a destination. */
export function addresseeOf({ destinations }: Extract<Command, { type: 'start' }>): Addressee | null {
  const card = serverCardCodec.check(destinations[0]?.card)
  if (!card.ok) return null
  const { domain, receiptKey } = card.value
  return { audience: serverCardCodec.digest(card.value), domain, receiptKey }
}

/**
 * What follows the bundle that the plan's own server receipted last; the first bundle without a receipt. Errors:
 * AFTER-RECEIPT, and those of the file.
 */
export function lineageAfter(path: string | undefined, to: Addressee | null): Lineage {
  if (path === undefined) return firstOfLine
  const document = readParsed(path, receiptCodec.file)
  if (to === null)
    throw wrong(`${path}: the plan has no destination, and its bundle follows none`, 'leave --after out')
  const { payload } = document
  if (payload.domain !== to.domain)
    throw wrong(`${path} is of the domain ${payload.domain}, the run is of ${to.domain}`)
  if (payload.audience !== to.audience)
    throw wrong(`${path} is of the server ${payload.audience}, the plan names ${to.audience}`)
  const signed = receiptCodec.verify(document, to.domain, [
    { role: 'server', members: [{ name: 'receipt key', keys: to.receiptKey }], quorum: 1 },
  ])
  if (!signed.ok) throw wrong(`${path}: ${signed.rule}: ${signed.detail}`)
  return { sequence: String(Number(payload.sequence) + 1), previous: payload.bundleDigest, supersedes: [] }
}

/** As `lineageAfter`, for a run whose bundle is not built yet. Errors: AFTER-BUILT, and those of `lineageAfter`. */
export function changedLineage(folder: RunFolder, path: string): Lineage {
  const { state } = folder
  if (state.bundle !== null) {
    throw new ExpectedError(
      'AFTER-BUILT',
      `--after ${path}: the bundle ${state.bundle.digest} is built, and says which one it follows`,
      'leave --after out; where the server refuses the bundle, abort the run and begin it again with that receipt',
    )
  }
  const [first] = state.destinations
  return lineageAfter(path, first === undefined ? null : { ...first, domain: state.domain })
}

/** Of a run that has no bundle to build any more, or none that follows another. */
export function afterNothing(path: string, why: string): ExpectedError {
  return wrong(`${path}: ${why}`, 'leave --after out')
}

function wrong(
  detail: string,
  remedy = 'name the last receipt that the plan’s server signed in this domain',
): ExpectedError {
  return new ExpectedError('AFTER-RECEIPT', detail, remedy)
}
