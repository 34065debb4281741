import type { EffectKind, Finding, OwnEffect, Results } from '@lux/ceremony'
import type { Json } from '@lux/crypto'
import * as attestation from './attestation.ts'
import type { Perform, RunContext } from './context.ts'
import * as dealing from './dealing.ts'
import * as root from './key/root.ts'
import * as wrappedKey from './key/wrapped-key.ts'
import * as officers from './officers.ts'
import * as ceremonyKey from './opening/ceremony-key.ts'
import * as opening from './opening/opening.ts'
import * as recovery from './recovery/recovery.ts'
import * as restore from './recovery/restore.ts'
import * as replication from './replication.ts'
import * as resharing from './resharing.ts'
import * as sealing from './sealing/bundle.ts'
import * as token from './token/token.ts'
import { leavesNothing, type Works } from './work.ts'

const measureMachine: Perform<'measure-machine'> = async (_effect, run) => ({
  tool: run.measurement.build,
  kernel: run.measurement.kernel,
  library: run.hsm.library.sha256,
  tpmQuote: run.measurement.tpmQuote,
  files: run.measurement.files,
})

/** The challenge is drawn with the intent and stands in it: holders are asked by the file in out/ that names it. */
const askHeartbeats: Perform<'ask-heartbeats'> = async ({ challenge }) => ({ challenge })

/** Every kind of effect, each by the family that does it. */
const works: Works<EffectKind> = {
  ...attestation.works,
  ...ceremonyKey.works,
  ...dealing.works,
  'ask-heartbeats': { perform: askHeartbeats, look: leavesNothing },
  'measure-machine': { perform: measureMachine, look: leavesNothing },
  ...officers.works,
  ...opening.works,
  ...recovery.works,
  ...replication.works,
  ...resharing.works,
  ...restore.works,
  ...root.works,
  ...sealing.works,
  ...token.works,
  ...wrappedKey.works,
}

/** Does one effect and gives its result as the log will hold it. Throws HsmError or ExpectedError. */
export async function perform(effect: OwnEffect, run: RunContext): Promise<Json> {
  // Looked up by the effect's own kind, so the performer takes this effect; the compiler cannot follow the pairing.
  const performer = works[effect.kind].perform as (
    effect: OwnEffect,
    run: RunContext,
  ) => Promise<Results[EffectKind]>
  // Results are plain JSON by their definition (ceremony results.ts).
  return (await performer(effect, run)) as unknown as Json
}

/**
 * Looks for what an interrupted attempt left. A key is adopted only when it is the only one of its id and its flags are those that
 * a planted key cannot have (CEREMONY.md "Journal").
 */
export async function look(effect: OwnEffect, run: RunContext): Promise<Finding> {
  const find = works[effect.kind].look as (effect: OwnEffect, run: RunContext) => Promise<Finding> | Finding
  return find(effect, run)
}

/** Whether Cancel ends what is under way: an effect by its kind, or an entry at a token's own pad. */
export function stopsAtCancel(what: string): boolean {
  if (what === 'pin-pad') return true
  const known: Readonly<Record<string, { stops?: true }>> = works
  return Object.hasOwn(known, what) && known[what]?.stops === true
}
