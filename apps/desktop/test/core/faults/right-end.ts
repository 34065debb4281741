import { join } from 'node:path'
import type { State } from '@lux/ceremony'
import { stepsOf } from '@lux/ceremony/plan'
import { utf8 } from '@lux/crypto'
import { softTokenEnvironment, startHsm } from '@lux/hsm'
import { rehearsalPins } from '../../../src/core/rehearsal/rehearsal-pins.ts'
import { RunFolder } from '../../../src/core/runs/folder/run-folder.ts'
import { verdictOf } from '../support/run-end.ts'
import { hostEntry, logOf, type Place, patientMs } from './faulty-run.ts'
import { sharesFault } from './shares-end.ts'

/**
 * Null when the end is right: exactly the plan's tokens, on each exactly the planned objects (a root that was destroyed in none, a
 * restored one where it stays), every planned key, copy and proof, every promised share checkable and the root in every quorum of them,
 * the ceremony key destroyed, every attempt settled, a bundle that is accepted. A rehearsal without a server ends with the sealed
 * bundle, its ceremony key still there.
 */
export async function whatIsWrong({ dir, ceremony }: Place): Promise<string | null> {
  const folder = RunFolder.open(dir)
  folder.close()
  const { plan, state } = folder
  const steps = stepsOf(plan).map(({ step }) => step)
  const copied = steps.flatMap(({ do: kind, token }) => (kind === 'replicate-root' ? [token] : []))
  const roots = state.keys
    .filter(({ level }) => level === 'root')
    .map(({ id, ckaId }) => `secret ${id} ${ckaId}`)
  const planned = state.tokens.map(({ role, serial }) => {
    const companion = plan.tokens.find((one) => one.role === role)?.attestation?.companion?.ckaId
    const pair =
      companion === undefined ? [] : ['private', 'public'].map((kind) => `${kind} companion ${companion}`)
    const gone = state.decommissioned.some(({ token }) => token === role)
    const kept = !gone && (role === 'ceremony' || copied.includes(role)) ? roots : []
    const held = [...kept, ...restoredIn(state, role)]
    const signing = role === 'ceremony' && !ceremony.server ? ceremonyKeyOf(state) : []
    return { serial, objects: [...held, ...pair, ...signing].toSorted() }
  })
  const onTokens = await lastingObjects(dir)
  const bySerial = (all: typeof planned) =>
    JSON.stringify(all.toSorted((a, b) => (a.serial < b.serial ? -1 : 1)))
  if (bySerial(onTokens) !== bySerial(planned))
    return `on the tokens: ${bySerial(onTokens)} instead of ${bySerial(planned)}`
  const keys = state.keys.map(({ id }) => id).join(' ')
  if (keys !== plan.keys.map(({ id }) => id).join(' ')) return `keys: ${keys}`
  if (state.replicas.length !== copied.length) return `${state.replicas.length} copies of the root`
  const proved = steps.filter(({ do: kind }) => kind === 'prove-possession').map(({ key }) => key)
  if (proved.some((id) => !state.proofs.some(({ key }) => key === id))) return 'a key was not proved'
  const destroyed = steps.filter(({ do: kind }) => kind === 'decommission-root').length
  if (state.decommissioned.length !== destroyed) return `destroyed in ${state.decommissioned.length} tokens`
  const share = await sharesFault(dir, state)
  if (share !== null) return share
  if (state.ceremonyKey?.destroyed !== ceremony.server)
    return `the ceremony key is ${ceremony.server ? 'not ' : ''}destroyed`
  const verdict = await verdictOf(dir)
  if (verdict !== 'accepted') return `the bundle is ${verdict}`
  return unsettled(dir)
}

function restoredIn({ recovery }: State, role: string): string[] {
  const restored = recovery?.restored
  if (restored == null || recovery?.zeroised === true || restored.token !== role) return []
  return [`secret ${recovery?.backup.key} ${restored.evidence.ckaId}`]
}

function ceremonyKeyOf({ ceremonyKey }: State): string[] {
  return [
    `private ceremony-key ${ceremonyKey?.ckaId}`,
    `public ceremony-key ${ceremonyKey?.ckaId}`,
    `secret ceremony-key-seal ${ceremonyKey?.sealCkaId}`,
  ]
}

function unsettled(dir: string): string | null {
  const entries = logOf(dir)
  const of = (kinds: readonly string[]) =>
    entries
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ stepId, fact }) => `${stepId} ${attemptOf(fact)}`)
  const settled = new Set(of(['step.performed', 'step.failed', 'step.reconciled']))
  const open = of(['step.intended']).filter((attempt) => !settled.has(attempt))
  return open.length === 0 ? null : `attempts without an outcome: ${open.join(', ')}`
}

const attemptOf = (fact: unknown): string =>
  typeof fact === 'object' && fact !== null && 'attempt' in fact ? String(fact.attempt) : ''

async function lastingObjects(dir: string): Promise<{ serial: string; objects: string[] }[]> {
  const soft = softTokenEnvironment(join(dir, 'token'))
  const hsm = await startHsm({ ...soft, hostEntry, callTimeoutMs: patientMs, loadTimeoutMs: patientMs })
  try {
    const found: { serial: string; objects: string[] }[] = []
    for (const { serial, initialised } of await hsm.tokens()) {
      if (!initialised) continue
      const token = hsm.token(serial)
      await token.logIn({ user: 'user', pin: utf8(rehearsalPins(dir).user) })
      const { objects, damaged } = await token.inventory()
      found.push({
        serial,
        objects: [
          ...objects
            .filter((object) => object.token)
            .map(({ class: kind, label, id }) => `${kind} ${label} ${id}`),
          ...damaged.map(({ name, reason }) => `damaged ${name}: ${reason}`),
        ].toSorted(),
      })
    }
    return found
  } finally {
    await hsm.close()
  }
}
