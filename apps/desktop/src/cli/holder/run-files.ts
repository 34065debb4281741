import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Policy } from '@lux/ceremony/policy'
import { readBounded } from '@lux/node-files'
import {
  type AbortedFiles,
  checkEpochRun,
  correctionName,
  type EpochRun,
  maxCloseout,
  maxDealt,
  maxPublic,
  maxTranscript,
  type NextFiles,
  nextSignatureFile,
  seedsName,
} from '@lux/people'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted, type Paths } from '../shell/accepted.ts'

const maxPlan = 1 << 20
const maxDocument = 1 << 20

/** A copy of a run's folder, as a holder's own device reads it. */
export type RunCopy = { readonly folder: string; readonly run: EpochRun; readonly paths: Paths }

export const runFolderOf = (request: string, run: string | undefined) => run ?? join(dirname(request), '..')

/**
 * What is trusted of the folder of a run that moves a key. Errors: POLICY-…, OPENING-…, SIGNATURE-…, QUORUM-SHORT, HOLDER-PLAN,
 * HOLDER-CARD, PLAN-43, FHE-PUBLIC-OTHER, FHE-ROSTER-OTHER, FILE-….
 */
export function readEpochRun(folder: string, policyPath: string): RunCopy {
  const policy: Policy = readTrustedPolicy(policyPath)
  const paths = { policy: policyPath, opening: join(folder, 'opening.json') }
  const run = accepted(
    checkEpochRun(policy, {
      opening: readBounded(paths.opening, maxDocument),
      plan: readBounded(join(folder, 'plan.yaml'), maxPlan),
      pub: readBounded(join(folder, 'fhe', 'public.bin'), maxPublic),
      card: (digest) => readBounded(join(folder, 'cards', `${digest}.json`), maxDocument),
    }),
    paths,
  )
  return { folder, run, paths }
}

const redealt = (folder: string, name: string) => join(folder, 'fhe', 'redeal', name)

/** Those of the old holders who have approved. */
export function readApprovals({ folder, run }: RunCopy): Uint8Array[] {
  return run.terms.old
    .map((_, at) => redealt(folder, `approval-${at + 1}.json`))
    .filter((path) => existsSync(path))
    .map((path) => readBounded(path, maxDocument))
}

/** What all dealers made public. */
export function readDealt({ folder, run }: RunCopy): Pick<NextFiles, 'redeals' | 'corrections'> {
  const { dealers } = run.terms
  return {
    redeals: dealers.map((dealer) => readBounded(redealt(folder, `redeal-${dealer}.json`), maxDocument)),
    corrections: dealers.map((dealer) => readBounded(redealt(folder, correctionName(dealer)), maxDealt)),
  }
}

/** What all dealers sealed to one new holder, and the ceremony key's signature on it. */
export function readSeeds({ folder, run }: RunCopy, holder: number): Pick<NextFiles, 'seeds' | 'signature'> {
  return {
    seeds: run.terms.dealers.map((dealer) =>
      readBounded(redealt(folder, seedsName(dealer, holder)), maxDealt),
    ),
    signature: readBounded(join(folder, nextSignatureFile(holder)), maxDocument),
  }
}

export const livePath = (folder: string) => join(folder, 'fhe', 'epoch-live.json')

/** How a run ended that was aborted. */
export function readEnd({ folder }: RunCopy): AbortedFiles {
  const place = join(folder, 'checkpoints')
  const names = existsSync(place) ? readdirSync(place).filter((name) => /^\d{1,15}\.json$/.test(name)) : []
  return {
    closeout: readBounded(join(folder, 'closeout.json'), maxCloseout),
    transcript: readBounded(join(folder, 'transcript.jsonl'), maxTranscript),
    checkpoints: names.map((name) => ({ name, bytes: readBounded(join(place, name), maxDocument) })),
  }
}
