import type { EffectKind, OwnEffect, Results } from '@lux/ceremony'
import type { Json } from '@lux/crypto'
import { attest } from './attestation.ts'
import { buildBundle, closeOut, signBundle, writeBundleFile, writeMedium } from './bundle.ts'
import { destroyCeremonyKey, makeCeremonyKey } from './ceremony-key.ts'
import type { Perform, RunContext } from './context.ts'
import { dealFhe } from './dealing.ts'
import { askHeartbeats } from './heartbeat.ts'
import { readPolicy } from './officers.ts'
import { makeCheckpoint, signOpening } from './opening.ts'
import { askShares, checkMedium } from './recovery.ts'
import { proveReplica } from './replication.ts'
import { assembleEpoch, signEpochLive } from './resharing.ts'
import { restoreRoot, zeroiseRoot } from './restore.ts'
import { generateRoot, readBack } from './root.ts'
import { initialiseToken, logIn, probeToken, takeInventory } from './token.ts'
import { generateKey, provePossession } from './wrapped-key.ts'

const measureMachine: Perform<'measure-machine'> = async (_effect, run) => ({
  tool: run.measurement.build,
  kernel: run.measurement.kernel,
  library: run.hsm.library.sha256,
  tpmQuote: run.measurement.tpmQuote,
  files: run.measurement.files,
})

const performers: { [K in EffectKind]: Perform<K> } = {
  'measure-machine': measureMachine,
  'initialise-token': initialiseToken,
  'log-in': logIn,
  'probe-token': probeToken,
  inventory: takeInventory,
  'make-ceremony-key': makeCeremonyKey,
  'sign-opening': signOpening,
  'make-checkpoint': makeCheckpoint,
  'generate-root': generateRoot,
  'read-back': readBack,
  'generate-key': generateKey,
  'prove-possession': provePossession,
  'prove-replica': proveReplica,
  attest,
  'fhe-deal': dealFhe,
  'assemble-epoch': assembleEpoch,
  'sign-epoch-live': signEpochLive,
  'ask-heartbeats': askHeartbeats,
  'check-medium': checkMedium,
  'ask-shares': askShares,
  'restore-root': restoreRoot,
  'zeroise-root': zeroiseRoot,
  'read-policy': readPolicy,
  'build-bundle': buildBundle,
  'sign-bundle': signBundle,
  'write-bundle': writeBundleFile,
  'write-medium': writeMedium,
  'close-out': closeOut,
  'destroy-ceremony-key': destroyCeremonyKey,
}

/** Does one effect and gives its result as the log will hold it. Throws HsmError or ExpectedError. */
export async function perform(effect: OwnEffect, run: RunContext): Promise<Json> {
  // Looked up by the effect's own kind, so the performer takes this effect; the compiler cannot follow the pairing.
  const performer = performers[effect.kind] as (
    effect: OwnEffect,
    run: RunContext,
  ) => Promise<Results[EffectKind]>
  // Results are plain JSON by their definition (ceremony results.ts).
  return (await performer(effect, run)) as unknown as Json
}
