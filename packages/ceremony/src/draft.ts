import { draftEpochs } from './evolve-epochs.ts'
import type { State } from './state.ts'

/** A copy whose parts may be changed; plan, seats and destinations never change after the start. */
export function draft(state: State): State {
  return {
    ...state,
    tokens: state.tokens.map((token) => ({ ...token })),
    steps: state.steps.map((step) => ({
      ...step,
      summary: [...step.summary],
      abandoned: [...step.abandoned],
    })),
    opening: state.opening && { ...state.opening, signers: [...state.opening.signers] },
    checkpoints: state.checkpoints.map((checkpoint) => ({
      ...checkpoint,
      cosigned: [...checkpoint.cosigned],
    })),
    exceptions: state.exceptions.map((exception) => ({
      ...exception,
      proposal: exception.proposal && { ...exception.proposal, signers: [...exception.proposal.signers] },
    })),
    keys: [...state.keys],
    ceremonyKey: state.ceremonyKey && { ...state.ceremonyKey },
    fhe: state.fhe && { ...state.fhe, acknowledged: [...state.fhe.acknowledged] },
    proofs: [...state.proofs],
    ...draftEpochs(state),
    bundle: state.bundle && { ...state.bundle, signers: [...state.bundle.signers] },
    receipts: [...state.receipts],
  }
}
