import type { Command, Domain } from '@lux/ceremony'
import { receiptCodec, serverCardCodec } from '@lux/ceremony/wire'
import type { VerificationKeys } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { firstOfLine, type Lineage } from '../../core/runs/effects/context.ts'
import type { RunFolder } from '../../core/runs/folder/run-folder.ts'
import { readParsed } from '../shell/files.ts'

/** A server that a run's bundle is for, as its card says. */
export type Addressee = { audience: string; domain: Domain; receiptKey: VerificationKeys }

/** `lineage`: of the first server; `others`: by audience, of every other. */
export type Lineages = { lineage: Lineage; others?: Record<string, Lineage> }

/** Of a run that is about to be begun, in the plan's order. */
export function addresseesOf({ destinations }: Extract<Command, { type: 'start' }>): Addressee[] {
  return destinations.flatMap((one) => {
    const card = serverCardCodec.check(one.card)
    if (!card.ok) return []
    const { domain, receiptKey } = card.value
    return [{ audience: serverCardCodec.digest(card.value), domain, receiptKey }]
  })
}

/**
 * What follows the bundles that the plan's own servers receipted last, by one receipt a server; the first bundle where there is
 * none. Errors: AFTER-RECEIPT, and those of the file.
 */
export function lineagesAfter(paths: readonly string[], to: readonly Addressee[]): Lineages {
  const found = new Map<string, Lineage>()
  for (const path of paths) {
    const document = readParsed(path, receiptCodec.file)
    const { payload } = document
    const [only] = to
    if (only === undefined) throw wrong(`${path}: the plan has no destination, and its bundle follows none`)
    if (payload.domain !== only.domain)
      throw wrong(`${path} is of the domain ${payload.domain}, the run is of ${only.domain}`)
    const server = to.find(({ audience }) => audience === payload.audience)
    if (server === undefined)
      throw wrong(
        `${path} is of the server ${payload.audience}, the plan names ${to.map(({ audience }) => audience).join(', ')}`,
      )
    if (found.has(server.audience)) throw wrong(`${path}: a second receipt of the server ${server.audience}`)
    const signed = receiptCodec.verify(document, server.domain, [
      { role: 'server', members: [{ name: 'receipt key', keys: server.receiptKey }], quorum: 1 },
    ])
    if (!signed.ok) throw wrong(`${path}: ${signed.rule}: ${signed.detail}`)
    const sequence = String(Number(payload.sequence) + 1)
    found.set(server.audience, { sequence, previous: payload.bundleDigest, supersedes: [] })
  }
  const [first, ...rest] = to
  const of = (one: Addressee | undefined) => (one && found.get(one.audience)) ?? firstOfLine
  if (rest.length === 0) return { lineage: of(first) }
  return { lineage: of(first), others: Object.fromEntries(rest.map((one) => [one.audience, of(one)])) }
}

/** As `lineagesAfter`, for a run whose bundle is not built yet. Errors: AFTER-BUILT, and those of `lineagesAfter`. */
export function changedLineages(folder: RunFolder, paths: readonly string[]): Lineages {
  const { state } = folder
  if (state.bundle !== null) {
    throw new ExpectedError(
      'AFTER-BUILT',
      `--after ${paths.join(', ')}: the bundle ${state.bundle.digest} is built, and says which one it follows`,
    )
  }
  return lineagesAfter(
    paths,
    state.destinations.map((one) => ({ ...one, domain: state.domain })),
  )
}

/** Of a run that has no bundle to build any more, or none that follows another. */
export function afterNothing(path: string, why: string): ExpectedError {
  return wrong(`${path}: ${why}`)
}

function wrong(detail: string): ExpectedError {
  return new ExpectedError('AFTER-RECEIPT', detail)
}
