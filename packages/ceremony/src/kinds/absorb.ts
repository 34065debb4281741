import type { Results } from '../model/effects.ts'
import type { State, StepProgress } from '../model/state.ts'
import { keyOf } from '../plan/queries.ts'
import type { TaggedResult } from '../steps/run.ts'
import { plannedReshare } from './epochs.ts'

/** Takes a verified result into the state (a draft), and says in the step's summary what people should see. */
export function absorb(state: State, progress: StepProgress, tagged: TaggedResult): void {
  const role = progress.step.token ?? 'ceremony'
  const token = state.tokens.find((candidate) => candidate.role === role)
  const show = (label: string, value: string | number) => {
    progress.summary.push({ label, value: String(value) })
  }
  switch (tagged.effect) {
    case 'measure-machine':
      show('tool', tagged.result.tool)
      show('kernel', tagged.result.kernel)
      show('library', tagged.result.library)
      show('tpm-quote', tagged.result.tpmQuote)
      return
    case 'initialise-token':
      if (token !== undefined) {
        token.serial = tagged.result.serial
        token.initialised = true
      }
      show('serial', tagged.result.serial)
      show('label', tagged.result.label)
      return
    case 'log-in':
      if (token !== undefined) {
        token.loggedIn = true
        token.wanted = true
      }
      show('serial', tagged.result.serial)
      show('pin-state', tagged.result.pinState)
      return
    case 'probe-token':
      if (token !== undefined) {
        token.probed = true
        token.wrapMechanism = tagged.result.wrapMechanism
      }
      show('wrap-mechanism', tagged.result.wrapMechanism)
      show('evidence-level', tagged.result.level)
      show('attacks-held', tagged.result.attacks.filter((attack) => attack.hardened === 'held').length)
      return
    case 'inventory':
      if (token !== undefined && progress.step.when === 'opening') token.baseline = tagged.result.objects
      show('objects', tagged.result.objects.length)
      show('inventory', tagged.result.digest)
      return
    case 'make-ceremony-key':
      state.ceremonyKey = {
        token: role,
        ckaId: progress.intent?.ckaId ?? '',
        sealCkaId: progress.intent?.sealCkaId ?? '',
        keys: tagged.result.keys,
        evidence: tagged.result.evidence.level,
        destroyed: false,
      }
      show('cka-id', tagged.result.evidence.ckaId)
      return
    case 'sign-opening':
      state.opening = { digest: tagged.result.digest, signers: [] }
      show('opening', tagged.result.digest)
      return
    case 'generate-root':
    case 'generate-key':
      made(state, progress, tagged.result)
      show('cka-id', tagged.result.evidence.ckaId)
      show('evidence-level', tagged.result.evidence.level)
      show('mechanism', tagged.result.mechanism)
      return
    case 'read-back':
      show('attributes', Object.keys(tagged.result.evidence.attributes).length)
      show('evidence-level', tagged.result.evidence.level)
      return
    case 'prove-possession':
      state.proofs.push({ key: progress.step.key ?? '', ...tagged.result })
      show('possession', tagged.result.digest)
      return
    case 'prove-replica': {
      const { serial, way, evidence, mechanism, digest } = tagged.result
      const id = progress.step.key ?? ''
      state.replicas.push({ id, token: role, serial, way, evidence, mechanism, digest })
      show('serial', serial)
      show('way', way)
      show('possession', digest)
      return
    }
    case 'attest': {
      const { evidence } = tagged.result
      const level = keyOf(state.plan, progress.step.key)?.level ?? 'ceremony'
      state.attestations.push({ id: progress.step.key ?? 'ceremony', level, token: role, ...tagged.result })
      show('cka-id', evidence.ckaId)
      show('evidence-level', evidence.level)
      return
    }
    case 'fhe-deal':
      state.fhe = { ...tagged.result, acknowledged: [] }
      if (state.plan.fhe !== undefined) {
        const { t, n, holders } = state.plan.fhe
        const { keyId, epochId } = tagged.result
        state.epoch = { keyId, epochId, epoch: 0, public: tagged.result.public.sha256, t, n, holders }
      }
      show('key', tagged.result.keyId)
      show('epoch', tagged.result.epochId)
      show('shares', tagged.result.shares.length)
      return
    case 'assemble-epoch': {
      const { epochId, epoch, commitments } = tagged.result
      if (state.reshare !== null) {
        const { t, n, holders } = plannedReshare(state)
        const { keyId } = state.reshare.old
        const next = {
          keyId,
          epochId,
          epoch,
          public: tagged.result.public.sha256,
          t,
          n,
          holders,
          commitments,
        }
        state.reshare = { ...state.reshare, next, acknowledgements: holders.map(() => null) }
      }
      show('epoch', epochId)
      show('shares', tagged.result.corrections.length)
      return
    }
    case 'sign-epoch-live':
      if (state.reshare?.next) {
        state.epoch = state.reshare.next
        state.reshare = { ...state.reshare, live: tagged.result.digest }
      }
      show('epoch-live', tagged.result.digest)
      return
    case 'build-bundle': {
      const { digest, subject } = tagged.result
      state.bundle = { digest, subject, signers: [], sha256: null, size: null }
      show('bundle', digest)
      return
    }
    case 'write-bundle':
      if (state.bundle !== null) {
        state.bundle.sha256 = tagged.result.sha256
        state.bundle.size = tagged.result.size
      }
      show('file', tagged.result.sha256)
      show('bytes', tagged.result.size)
      return
    case 'write-medium':
      show('medium', tagged.result.medium)
      show('read-back', tagged.result.readBack)
      return
    case 'close-out':
      state.closeout = tagged.result.digest
      show('closeout', tagged.result.digest)
      return
    case 'destroy-ceremony-key':
      if (state.ceremonyKey !== null) state.ceremonyKey.destroyed = true
      show('absent', tagged.result.ckaId)
      return
    case 'make-checkpoint':
    case 'sign-bundle':
      return
  }
}

function made(
  state: State,
  progress: StepProgress,
  result: Results['generate-root'] | Results['generate-key'],
): void {
  const key = keyOf(state.plan, progress.step.key)
  if (key === undefined) return
  const root = key.level === 'root'
  state.keys.push({
    id: key.id,
    level: key.level,
    token: progress.step.token ?? 'ceremony',
    step: progress.step.id,
    attempt: progress.attempt,
    ckaId: progress.intent?.ckaId ?? '',
    rootId: root ? (progress.intent?.rootId ?? '') : '',
    bornIn: root ? state.ceremonyId : '',
    mechanism: result.mechanism,
    wrapped: 'wrapped' in result ? result.wrapped : null,
    evidence: result.evidence,
    blobs: 'blobs' in result ? result.blobs : [],
  })
}
