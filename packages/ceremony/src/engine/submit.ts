import { sha256Hex } from '@lux/crypto'
import type { Submit } from '../model/commands.ts'
import type { Decision, NewEvent } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { State } from '../model/state.ts'
import { submissions } from '../steps/run.ts'
import { madeHere, signerOf, stepIdOf, verify } from '../steps/signers.ts'
import { currentStep, stageOf } from '../steps/stages.ts'
import { effectAt, openException } from './next-effect.ts'

/** Takes a signature that a person's device or a server made, if it is awaited, over the right bytes, and valid. */
export function takeSubmission(state: State, command: Submit): Decision {
  switch (command.what) {
    case 'opening':
    case 'bundle':
      return takeOfficer(state, command, command.what)
    case 'exception':
      return takeDecision(state, command)
    case 'checkpoint':
      return takeWitness(state, command)
    default:
      return submissions[command.what](state, command)
  }
}

function takeOfficer(state: State, command: Submit, what: 'opening' | 'bundle'): Decision {
  const progress = currentStep(state)
  const stage = progress && stageOf(progress)
  const awaited = what === 'opening' ? state.opening : state.bundle
  if (progress === null || stage?.kind !== 'signatures' || stage.what !== what || awaited === null)
    return refuse('SUBMIT-01', `no ${what} is being signed`)
  const subject = what === 'opening' ? awaited.digest : (state.bundle?.subject ?? '')
  const seat = signerOf(state, 'officer', command.signature)
  if (sha256Hex(command.payload) !== subject)
    return refuse('SUBMIT-02', `expected the ${what} ${awaited.digest}`)
  if (seat === null) return refuse('SUBMIT-03', `${command.signature.signer} is no officer of this run`)
  if (awaited.signers.includes(seat.name)) return refuse('SUBMIT-05', `${seat.name} has signed`)
  const invalid = verify(state, what, seat.keys, command)
  if (invalid !== null) return invalid
  const { signature } = command
  const fact = { what, subject, name: seat.name, signer: seat.signer, signature, ...madeHere(state, command) }
  return { ok: true, events: [{ kind: 'signature.accepted', stepId: progress.step.id, fact }] }
}

/** The last officer who is needed decides the exception. */
function takeDecision(state: State, command: Submit): Decision {
  const exception = openException(state)
  const proposal = exception?.proposal
  if (!exception || !proposal) return refuse('SUBMIT-01', 'no decision is being signed')
  const { id, step: stepId } = exception
  const { document, payload } = proposal
  const { decided: decision, by, reason } = payload
  if (sha256Hex(command.payload) !== document) return refuse('SUBMIT-02', `expected the decision ${document}`)
  const seat = signerOf(state, 'officer', command.signature)
  if (seat === null) return refuse('SUBMIT-03', `${command.signature.signer} is no officer of this run`)
  if (proposal.signers.includes(seat.name)) return refuse('SUBMIT-05', `${seat.name} has signed`)
  const invalid = verify(state, 'exception', seat.keys, command)
  if (invalid !== null) return invalid
  const { signature } = command
  const fact = {
    what: 'exception' as const,
    subject: document,
    name: seat.name,
    signer: seat.signer,
    signature,
    ...madeHere(state, command),
  }
  const events: NewEvent[] = [{ kind: 'signature.accepted', stepId, fact }]
  if (proposal.signers.length + 1 >= state.terms.officers)
    events.push({ kind: 'exception.decided', stepId, fact: { id, decision, by, reason, document } })
  return { ok: true, events }
}

function takeWitness(state: State, command: Submit): Decision {
  // A cosignature that came in now would stand in the transcript that the checkpoint under way does not cover.
  if (effectAt(state)?.kind === 'make-checkpoint')
    return refuse('SUBMIT-01', 'a new checkpoint is being made')
  const subject = sha256Hex(command.payload)
  const checkpoint = state.checkpoints.find((candidate) => candidate.digest === subject)
  if (state.checkpoints.length === 0) return refuse('SUBMIT-01', 'there is no checkpoint yet')
  if (checkpoint === undefined) return refuse('SUBMIT-02', `${subject} is no checkpoint of this run`)
  const seat = signerOf(state, 'witness', command.signature)
  if (seat === null) return refuse('SUBMIT-03', `${command.signature.signer} is no witness of this run`)
  if (checkpoint.cosigned.some(({ signer }) => signer === seat.signer))
    return refuse('SUBMIT-05', `${seat.name} has cosigned the checkpoint of size ${checkpoint.size}`)
  const invalid = verify(state, 'checkpoint', seat.keys, command)
  if (invalid !== null) return invalid
  const { size, digest } = checkpoint
  const fact = {
    size,
    digest,
    name: seat.name,
    signer: seat.signer,
    signature: command.signature,
    ...madeHere(state, command),
  }
  return { ok: true, events: [{ kind: 'checkpoint.cosigned', stepId: stepIdOf(state), fact }] }
}
