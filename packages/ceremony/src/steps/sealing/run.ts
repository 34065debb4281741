import { sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { receiptCodec } from '../../documents/ceremony/receipt.ts'
import { digest, hex16, hybridSignature } from '../../documents/format/fields.ts'
import type { Submit } from '../../model/commands.ts'
import type { Decision } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import type { State } from '../../model/state.ts'
import type { EarlierKey } from '../../plan/plan.ts'
import { vendorWayOf } from '../../plan/queries.ts'
import { ceremonyKeyPlace } from '../effect-parts.ts'
import type { StageNeeds } from '../entries.ts'
import { count, short } from '../result-fields.ts'
import { verify } from '../signers.ts'
import { currentStep, stageOf } from '../stages.ts'
import { asOwed, differs, type EffectModules, type Mismatch } from '../step-module.ts'
import { missingAudiences } from './queries.ts'

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
  const fault =
    rootFault(state, receipt.roots, nodes) ??
    restoredFault(state, receipt.roots) ??
    changeFault(state, receipt)
  if (fault !== null) return refuse('RECEIPT-02', fault)
  const fact = {
    audience: receipt.audience,
    digest: sha256Hex(command.payload),
    payload: receipt,
    signature: command.signature,
  }
  return { ok: true, events: [{ kind: 'run.receipted', stepId: progress.step.id, fact }] }
}

/** The server says of every key that the plan revokes that it is of no more use, and of none that the plan does not name that it was replaced. */
function changeFault({ plan }: State, { revoked = [], replaced = [] }: Received): string | null {
  const said = (all: readonly EarlierKey[]) =>
    all.map(({ bundle, id, version }) => `${id} ${version} of ${bundle}`)
  const missing = said(plan.revokes ?? []).find((one) => !said(revoked).includes(one))
  if (missing !== undefined) return `the server does not say that it revoked ${missing}`
  const planned = [...(plan.revokes ?? []), ...plan.keys.flatMap((key) => key.replaces ?? [])]
  const strange = said([...revoked, ...replaced]).find((one) => !said(planned).includes(one))
  return strange === undefined ? null : `the server says that ${strange} was changed, which is not planned`
}

type Received = Pick<Parameters<typeof receiptCodec.payload.encode>[0], 'revoked' | 'replaced'>
type ReceivedRoots = Parameters<typeof receiptCodec.payload.encode>[0]['roots']

function rootFault(state: State, roots: ReceivedRoots, nodes: State['destinations']): string | null {
  const root = state.keys.find((key) => key.level === 'root' && key.blobs.length > 0)
  if (root === undefined) return adoptedFault(state, roots)
  const proof = state.proofs.find((candidate) => candidate.key === root.id)
  for (const one of nodes) {
    if (!('node' in one)) continue
    const { node, serial } = one
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

/** The vendor's tool brings the root to a server, whose node and token the plan does not name: the server shows that it has it. */
function adoptedFault({ plan, keys, proofs }: State, roots: ReceivedRoots): string | null {
  for (const key of plan.keys.filter((one) => vendorWayOf(one) !== null)) {
    const root = keys.find(({ id }) => id === key.id)
    const proof = proofs.find((one) => one.key === key.id)
    const received = roots.find((one) => one.key === key.id)
    if (root === undefined || proof === undefined) continue
    if (received === undefined) return `the server shows no root ${key.id}`
    if (received.rootId !== root.rootId) return `the server shows another root as ${key.id}`
    if (received.mechanism !== proof.mechanism)
      return `the server proves ${key.id} by ${received.mechanism}, this run by ${proof.mechanism}`
    if (received.possession !== proof.digest)
      return `the server proves ${received.possession}, this run ${proof.digest}`
  }
  return null
}

/** A server into whose token the root was restored shows that very key; one into whose token it was not shows none. */
function restoredFault({ plan, recovery }: State, roots: ReceivedRoots): string | null {
  if (plan.recovery?.use !== 'restore' || recovery?.restored == null) return null
  const { backup, restored } = recovery
  const adopted = roots.find(({ rootId }) => rootId === backup.rootId)
  if (adopted === undefined || plan.keys.some(({ id }) => id === adopted.key)) return null
  const same =
    adopted.key === backup.key &&
    adopted.serial === restored.serial &&
    adopted.ckaId === restored.evidence.ckaId &&
    adopted.mechanism === restored.mechanism &&
    adopted.possession === restored.digest
  return same ? null : `the server shows another key as the restored root ${backup.key}`
}

function otherBundle(state: State, { digest: found }: { digest: string }): Mismatch | null {
  if (found === state.bundle?.digest) return null
  return differs(`bundle ${state.bundle?.digest ?? ''}`, `bundle ${found}`)
}

export const effects = {
  'build-bundle': {
    schema: v.strictObject({ digest, subject: digest, size: count }),
    effect({ state, base }) {
      const checkpoints = state.checkpoints.map(({ size, node, root, digest: made }) => ({
        size,
        node,
        root,
        digest: made,
      }))
      const last = checkpoints.at(-1)
      if (last === undefined) throw new TypeError('build-bundle: the sealing checkpoint comes first')
      return {
        ...base,
        kind: 'build-bundle',
        planHash: state.planHash,
        policyDigest: state.policyDigest,
        opening: state.opening?.digest ?? '',
        checkpoint: last,
        checkpoints,
        destinations: state.destinations.map(
          ({ receiptKey: _key, receiptSigner: _signer, ...shown }) => shown,
        ),
        keys: state.keys.map(({ id, level, ckaId, step, attempt, wrapped }) => ({
          id,
          level,
          ckaId,
          step,
          attempt,
          wrapped,
        })),
      }
    },
    verify: asOwed,
    apply(state, _progress, { digest: made, subject }, show) {
      state.bundle = { digest: made, subject, signers: [], sha256: null, size: null }
      show('bundle', made)
    },
  },
  'sign-bundle': {
    schema: v.strictObject({ digest, signature: hybridSignature }),
    effect: ({ state, base }) => ({
      ...base,
      ...ceremonyKeyPlace(state),
      kind: 'sign-bundle',
      digest: state.bundle?.digest ?? '',
    }),
    verify: (state, _effect, result) => otherBundle(state, result),
    apply() {},
  },
  'write-bundle': {
    schema: v.strictObject({ digest, sha256: digest, size: count }),
    effect: ({ state, base }) => ({ ...base, kind: 'write-bundle', digest: state.bundle?.digest ?? '' }),
    verify: (state, _effect, result) => otherBundle(state, result),
    apply(state, _progress, { sha256, size }, show) {
      if (state.bundle !== null) {
        state.bundle.sha256 = sha256
        state.bundle.size = size
      }
      show('file', sha256)
      show('bytes', size)
    },
  },
  'write-medium': {
    schema: v.strictObject({ medium: short, sha256: digest, readBack: digest }),
    effect: ({ state, base }) => ({
      ...base,
      kind: 'write-medium',
      digest: state.bundle?.digest ?? '',
      sha256: state.bundle?.sha256 ?? '',
    }),
    verify(state, _effect, { sha256, readBack }) {
      if (sha256 === state.bundle?.sha256 && readBack === sha256) return null
      return differs(`the medium reads ${state.bundle?.sha256 ?? ''}`, `it reads ${readBack}`)
    },
    apply(_state, _progress, { medium, readBack }, show) {
      show('medium', medium)
      show('read-back', readBack)
    },
  },
  'close-out': {
    schema: v.strictObject({ digest, signature: hybridSignature }),
    effect({ state, base }) {
      const sealing = state.checkpoints.findLast((checkpoint) => checkpoint.reason === 'sealing')
      if (sealing === undefined) throw new TypeError('close-out: the sealing checkpoint comes first')
      const { size, node, root, digest: made } = sealing
      return {
        ...base,
        ...ceremonyKeyPlace(state),
        kind: 'close-out',
        checkpoint: { size, node, root, digest: made },
        receipts: state.receipts,
      }
    },
    verify: asOwed,
    apply(state, _progress, { digest: made }, show) {
      state.closeout = made
      show('closeout', made)
    },
  },
  'destroy-ceremony-key': {
    schema: v.strictObject({ ckaId: hex16, absent: v.boolean() }),
    effect: ({ state, base }) => ({
      ...base,
      ...ceremonyKeyPlace(state),
      kind: 'destroy-ceremony-key',
      sealCkaId: state.ceremonyKey?.sealCkaId ?? '',
    }),
    verify(state, _effect, { absent, ckaId }) {
      if (absent && ckaId === state.ceremonyKey?.ckaId) return null
      return differs('the ceremony key is absent', 'it was found, or another one was looked for')
    },
    apply(state, _progress, { ckaId }, show) {
      if (state.ceremonyKey !== null) state.ceremonyKey.destroyed = true
      show('absent', ckaId)
    },
  },
} satisfies EffectModules<
  'build-bundle' | 'sign-bundle' | 'write-bundle' | 'write-medium' | 'close-out' | 'destroy-ceremony-key'
>

export const submissions = { receipt: takeReceipt }

export const needs = {
  receipts: (state) => ({ kind: 'receipt', missing: missingAudiences(state) }),
} satisfies StageNeeds<'receipts'>
