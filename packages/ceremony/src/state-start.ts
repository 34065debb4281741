import type { Plan, RunHeader } from './plan/plan.ts'
import { stepsOf } from './plan/queries.ts'
import type { State } from './state.ts'

/** The state before the first entry. `plan` must lint; its hash must be the header's. */
export function initialState(header: RunHeader, plan: Plan): State {
  return {
    ceremonyId: header.ceremonyId,
    domain: header.domain,
    planHash: header.planHash,
    policyDigest: header.policyDigest,
    plan,
    size: 0,
    started: false,
    base: 'Created',
    paused: null,
    terms: { officers: 0, witnesses: 0, approvers: 0 },
    seats: [],
    destinations: [],
    tokens: [],
    steps: stepsOf(plan).map(({ part, step }) => ({
      part,
      step,
      state: 'Pending',
      attempt: 1,
      stage: 0,
      intent: null,
      started: null,
      finished: null,
      summary: [],
      abandoned: [],
      checkpoint: null,
    })),
    current: 0,
    ceremonyKey: null,
    opening: null,
    checkpoints: [],
    due: null,
    exceptions: [],
    refused: null,
    outdated: false,
    keys: plan.keys.flatMap(({ id, level, existing }) =>
      existing === undefined
        ? []
        : [
            {
              id,
              level,
              token: 'ceremony',
              step: '',
              attempt: 0,
              ckaId: existing.ckaId,
              rootId: existing.rootId,
              bornIn: existing.ceremonyId,
              mechanism: '',
              wrapped: null,
              evidence: null,
              blobs: [],
            },
          ],
    ),
    replicas: [],
    attestations: [],
    fhe: null,
    authorities: { requesters: [], combiners: [], evaluators: [], encryptors: [] },
    epoch: null,
    decryptions: (plan.decryptions ?? []).map(({ id }) => ({
      id,
      epoch: null,
      package: null,
      digest: null,
      request: null,
      approvedBy: [],
      answers: [],
      result: null,
    })),
    reshare: null,
    budgets: [],
    proofs: [],
    bundle: null,
    receipts: [],
    closeout: null,
  }
}
