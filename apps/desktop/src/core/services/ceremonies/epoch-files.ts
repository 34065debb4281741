import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { holderBefore, holderNext } from '@lux/ceremony/plan'
import { redealCodec } from '@lux/ceremony/wire'
import { sha256Hex } from '@lux/crypto'
import { ExpectedError, writeDurably } from '@lux/node-files'
import { correctionName, nextSignatureFile, seedsName } from '@lux/people'
import type { RunFolder } from '../../runs/folder/run-folder.ts'
import type { Run } from '../../runs/run/run.ts'

type Needs = ReturnType<Run['view']>['needs']

const liveFile = 'fhe/epoch-live.json'

/**
 * What a holder's own device asks for of a run that moves a key, below the run's folder: opening, plan, the old public file, the cards of
 * the holders and the approvals; for a new holder also what the dealers made public, and what they sealed to this one.
 */
export function epochPackage(folder: RunFolder, needs: Needs, holder: string): string[] {
  const { plan, state } = folder
  const { fhe, reshare } = plan
  if (fhe === undefined || reshare === undefined) return []
  const cards = new Set(
    [
      ...fhe.holders.map((name) => holderBefore(plan.people, name)?.card),
      ...reshare.holders.map((name) => holderNext(plan.people, name)?.card),
    ].map((card) => `cards/${card}.json`),
  )
  const run = ['opening.json', 'plan.yaml', 'fhe/public.bin', ...cards, ...approvalFiles(folder)]
  if (needs?.kind !== 'acknowledgements') return run
  const index = (state.reshare?.next?.holders ?? []).indexOf(holder) + 1
  if (index === 0) return []
  const dealers = (state.reshare?.redealt ?? []).map(({ dealer }) => dealer).toSorted((a, b) => a - b)
  return [
    ...run,
    ...dealers.flatMap((dealer) => [`redeal-${dealer}.json`, correctionName(dealer)]).map(inRedeal),
    ...dealers.map((dealer) => inRedeal(seedsName(dealer, index))),
    nextSignatureFile(index),
  ]
}

/** "Epoch n live", with the word of the old holders that it rests on; empty until it is signed. */
export function livePackage(folder: RunFolder): string[] {
  return existsSync(join(folder.path, liveFile)) ? [liveFile, ...approvalFiles(folder)] : []
}

const inRedeal = (name: string): string => `fhe/redeal/${name}`

function approvalFiles({ path, plan }: RunFolder): string[] {
  return (plan.fhe?.holders ?? [])
    .map((_, at) => inRedeal(`approval-${at + 1}.json`))
    .filter((name) => existsSync(join(path, name)))
}

/** Puts what came with a dealer's scanned word into in/, under the names that it has there. Errors: REDEAL-FILES. */
export function putRedealt({ path }: RunFolder, signed: Uint8Array, others: readonly Uint8Array[]): void {
  const read = redealCodec.file.parse(signed)
  if (!read.ok) throw new ExpectedError('FILE-WRONG-KIND', read.detail)
  const { dealer, correction, envelopes } = read.value.payload
  const byDigest = new Map(others.map((bytes) => [sha256Hex(bytes), bytes] as const))
  const files = [
    { name: correctionName(dealer), sha256: correction },
    ...envelopes.map((sha256, at) => ({ name: seedsName(dealer, at + 1), sha256 })),
  ]
  for (const { name, sha256 } of files) {
    const bytes = byDigest.get(sha256)
    if (bytes === undefined) throw new ExpectedError('REDEAL-FILES', `${name} did not come with it`)
    writeDurably(join(path, 'in', name), bytes)
  }
}
