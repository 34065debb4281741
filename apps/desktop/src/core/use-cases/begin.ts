import type { Command } from '@lux/ceremony'
import { type Plan, readPlan } from '@lux/ceremony/plan'
import { accept, type Outcome } from '@lux/crypto'
import { readBounded } from '@lux/node-files'
import { startCommand } from '../rehearsal/begin-rehearsal.ts'
import { rehearsalPins } from '../rehearsal/rehearsal-pins.ts'
import type { RehearsalDestination } from '../rehearsal/rehearsal-request.ts'
import { makeStandInTokens } from '../rehearsal/stand-in-tokens.ts'
import type { ProductionRequest } from '../runs/begin/begin-production.ts'
import { besidePlan, maxPublic, readAttestations, readCards } from '../runs/begin/production-files.ts'
import { refusedPlan } from '../runs/begin/refused-plan.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { Run } from '../runs/run/run.ts'

const maxFile = 1 << 20

/** Where a production run's reviewed files are; what is not named lies beside the plan. `public`: of the epoch that it goes on from. */
export type ReviewedFiles = {
  plan: string
  lock: string
  policy?: string
  cards?: string
  attestations?: string
  public?: string
}

type Reviewed = Pick<
  ProductionRequest,
  'plan' | 'lock' | 'policy' | 'cards' | 'transports' | 'attestations' | 'public'
>

/** Reads them, and the plan for what its tokens are. Errors: those of the files, and the plan's rules. */
export function readReviewed(files: ReviewedFiles): { plan: Plan; reviewed: Reviewed } {
  const beside = besidePlan(files.plan)
  const lock = readBounded(files.lock, maxFile)
  const plan = readBounded(files.plan, maxFile)
  // What is wrong with the plan is said before what is missing beside it.
  const read = readPlan(plan)
  if (!read.ok) throw refusedPlan(read.refusals)
  const policy = readBounded(files.policy ?? beside.policy, maxFile)
  const epoch = files.public === undefined ? null : readBounded(files.public, maxPublic)
  return {
    plan: read.plan,
    reviewed: {
      plan,
      lock,
      policy,
      ...readCards(files.cards ?? beside.cards),
      attestations: readAttestations(files.attestations ?? beside.attestations),
      public: epoch,
    },
  }
}

/** Makes the run on a folder that `beginProduction` wrote, and gives it the command that starts it. */
export function startProduction(
  { folder, start }: { folder: RunFolder; start: Extract<Command, { type: 'start' }> },
  open: (folder: RunFolder) => Run,
): Outcome<Run> {
  const run = open(folder)
  return run.submit(start) ?? accept(run)
}

/** Gives a rehearsal its throw-away tokens and starts it. Errors: HSM-…. */
export async function startRehearsal(
  run: Run,
  destinations: readonly RehearsalDestination[],
): Promise<Outcome<Run>> {
  const { folder, hsm } = run
  const tokens = await makeStandInTokens(folder.plan, hsm, rehearsalPins(folder.path))
  const start = startCommand(folder, destinations)
  return run.submit({ ...start, tokens }) ?? accept(run)
}
