import {
  type HybridSignature,
  sha256Hex,
  signatureContext,
  type VerificationKeys,
  verifySignature,
} from '@lux/crypto'
import { receiptCodec } from '../documents/ceremony/receipt.ts'
import type { Signable } from '../documents/format/context.ts'
import { unreachable } from '../documents/format/outcome.ts'
import { acknowledgementCodec, envelopesDigest } from '../documents/threshold/acknowledgement.ts'
import { missingAudiences, missingHolders } from '../kinds/missing.ts'
import type { Command, Refusal } from '../model/commands.ts'
import type { NewEvent, Seat } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import { currentStep, stageOf } from '../model/stages.ts'
import type { State } from '../model/state.ts'
import type { Role } from '../plan/plan.ts'
import { takeHolderAnswer, takeResult } from '../submit-answer.ts'
import { takeEpochApproval, takeRedeal } from '../submit-epoch.ts'
import { takeApproval } from '../submit-request.ts'
import { effectAt, openException } from './next-effect.ts'

type Submit = Extract<Command, { type: 'submit' }>

type Decision = { ok: true; events: NewEvent[] } | Refusal

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
    case 'acknowledgement':
      return takeAcknowledgement(state, command)
    case 'receipt':
      return takeReceipt(state, command)
    case 'decryption-approval':
      return takeApproval(state, command)
    case 'holder-answer':
      return takeHolderAnswer(state, command)
    case 'decryption-result':
      return takeResult(state, command)
    case 'epoch-approval':
      return takeEpochApproval(state, command)
    case 'redeal':
      return takeRedeal(state, command)
    default:
      return unreachable(command.what)
  }
}

function takeOfficer(state: State, command: Submit, what: 'opening' | 'bundle'): Decision {
  const progress = currentStep(state)
  const stage = progress && stageOf(progress)
  const awaited = what === 'opening' ? state.opening : state.bundle
  if (progress === null || stage?.kind !== 'signatures' || stage.what !== what || awaited === null)
    return refuse('SUBMIT-01', `no ${what} is being signed`)
  const subject = what === 'opening' ? awaited.digest : (state.bundle?.subject ?? '')
  const seat = seatOf(state, 'officer', command.signature)
  if (sha256Hex(command.payload) !== subject) return refuse('SUBMIT-02', `expected the ${what} ${subject}`)
  if (seat === null) return refuse('SUBMIT-03', `${command.signature.signer} is no officer of this run`)
  if (awaited.signers.includes(seat.name)) return refuse('SUBMIT-05', `${seat.name} has signed`)
  const invalid = verify(state, what, seat.keys, command)
  if (invalid !== null) return invalid
  const { signature } = command
  const fact = { what, subject, name: seat.name, signer: seat.signer, signature }
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
  const seat = seatOf(state, 'officer', command.signature)
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
  const seat = seatOf(state, 'witness', command.signature)
  if (seat === null) return refuse('SUBMIT-03', `${command.signature.signer} is no witness of this run`)
  if (checkpoint.cosigned.some(({ signer }) => signer === seat.signer))
    return refuse('SUBMIT-05', `${seat.name} has cosigned the checkpoint of size ${checkpoint.size}`)
  const invalid = verify(state, 'checkpoint', seat.keys, command)
  if (invalid !== null) return invalid
  const { size, digest } = checkpoint
  const fact = { size, digest, name: seat.name, signer: seat.signer, signature: command.signature }
  return { ok: true, events: [{ kind: 'checkpoint.cosigned', stepId: stepIdOf(state), fact }] }
}

function takeAcknowledgement(state: State, command: Submit): Decision {
  const progress = currentStep(state)
  const dealt = dealtTo(state)
  if (progress === null || stageOf(progress)?.kind !== 'acknowledgements' || dealt === null)
    return refuse('SUBMIT-01', 'no acknowledgement is awaited')
  const read = acknowledgementCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const seat = state.seats.find((candidate) => candidate.role === 'holder' && candidate.name === said.name)
  const index = dealt.holders.indexOf(said.name) + 1
  if (seat === undefined || index === 0) return refuse('SUBMIT-03', `${said.name} holds no share of this run`)
  const fits =
    said.domain === state.domain &&
    said.ceremonyId === state.ceremonyId &&
    said.keyId === dealt.keyId &&
    said.epochId === dealt.epochId &&
    said.holder === index &&
    (dealt.share(index) ?? said.shareDigest) === said.shareDigest &&
    said.envelopeDigest === dealt.envelope(index)
  if (!fits) return refuse('ACKNOWLEDGE-01', `${said.name} proved another share, key or run`)
  if (dealt.acknowledged(said.name)) return refuse('SUBMIT-05', `${said.name} has proved the share`)
  if (!missingHolders(state, progress).includes(said.name))
    return refuse('SUBMIT-01', `this step does not wait for ${said.name}`)
  const invalid = verify(state, 'acknowledgement', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { name: said.name, index, payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'holder.acknowledged', stepId: progress.step.id, fact }] }
}

/** What was dealt last: in this run, or again by holders of the old epoch, whose envelopes only the holders can open. */
function dealtTo(state: State) {
  const { fhe, reshare } = state
  if (reshare?.next) {
    const { keyId, epochId, holders } = reshare.next
    const dealers = reshare.redealt.toSorted((a, b) => a.dealer - b.dealer)
    return {
      keyId,
      epochId,
      holders,
      share: () => null,
      envelope: (index: number) =>
        envelopesDigest(dealers.map(({ envelopes }) => envelopes[index - 1] ?? '')),
      acknowledged: (name: string) => (reshare.acknowledgements[holders.indexOf(name)] ?? null) !== null,
    }
  }
  if (fhe === null) return null
  const at = (index: number) => fhe.shares.find((share) => share.index === index)
  return {
    keyId: fhe.keyId,
    epochId: fhe.epochId,
    holders: fhe.shares.map(({ holder }) => holder),
    share: (index: number) => at(index)?.shareDigest ?? null,
    envelope: (index: number) => at(index)?.envelopeDigest ?? '',
    acknowledged: (name: string) => fhe.acknowledged.includes(name),
  }
}

function takeReceipt(state: State, command: Submit): Decision {
  const progress = currentStep(state)
  if (progress === null || stageOf(progress)?.kind !== 'receipts')
    return refuse('SUBMIT-01', 'no receipt is awaited')
  const read = receiptCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const receipt = read.value
  const nodes = state.destinations.filter(({ audience }) => audience === receipt.audience)
  const [first] = nodes
  if (first === undefined)
    return refuse('SUBMIT-03', `the server ${receipt.audience} is no destination of this run`)
  if (
    receipt.domain !== state.domain ||
    receipt.ceremonyId !== state.ceremonyId ||
    receipt.bundleDigest !== state.bundle?.digest
  )
    return refuse(
      'RECEIPT-01',
      `it is of the bundle ${receipt.bundleDigest} of the run ${receipt.ceremonyId}`,
    )
  if (!missingAudiences(state).includes(receipt.audience))
    return refuse('SUBMIT-05', `the receipt of ${receipt.audience} is in`)
  const invalid = verify(state, 'receipt', first.receiptKey, command)
  if (invalid !== null) return invalid
  const fault = rootFault(state, receipt.roots, nodes)
  if (fault !== null) return refuse('RECEIPT-02', fault)
  const fact = {
    audience: receipt.audience,
    digest: sha256Hex(command.payload),
    payload: receipt,
    signature: command.signature,
  }
  return { ok: true, events: [{ kind: 'run.receipted', stepId: progress.step.id, fact }] }
}

type ReceivedRoots = Parameters<typeof receiptCodec.payload.encode>[0]['roots']

function rootFault(state: State, roots: ReceivedRoots, nodes: State['destinations']): string | null {
  const root = state.keys.find((key) => key.level === 'root' && key.blobs.length > 0)
  if (root === undefined) return null
  const proof = state.proofs.find((candidate) => candidate.key === root.id)
  for (const { node, serial } of nodes) {
    const received = roots.find((candidate) => candidate.node === node)
    if (received === undefined) return `the node ${node} shows no root`
    if (received.serial !== serial || received.rootId !== root.rootId || received.key !== root.id)
      return `the node ${node} shows another root or token`
    if (!received.transportKeyDestroyed) return `the node ${node} keeps its transport key`
    if (proof !== undefined && proof.mechanism !== received.mechanism)
      return `the node ${node} proves by ${received.mechanism}, this run by ${proof.mechanism}`
    if (proof !== undefined && proof.digest !== received.possession)
      return `the node ${node} proves ${received.possession}, this run ${proof.digest}`
  }
  return null
}

function seatOf(state: State, role: Role, signature: HybridSignature): Seat | null {
  return state.seats.find((seat) => seat.role === role && seat.signer === signature.signer) ?? null
}

function verify(state: State, what: Signable, keys: VerificationKeys, command: Submit): Refusal | null {
  const verdict = verifySignature(
    keys,
    signatureContext(what, state.domain),
    command.payload,
    command.signature,
  )
  return verdict.ok ? null : refuse('SUBMIT-04', verdict.detail)
}

function stepIdOf(state: State): string {
  return currentStep(state)?.step.id ?? 'run'
}
