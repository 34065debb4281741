import { readFileSync } from 'node:fs'
import { sha256Hex, utf8 } from '@lux/crypto'
import { type Domain, type Plan, possessionChallenge } from '../../src/exports/engine.ts'
import { type PlanRefusal, planFromScript, readScript, stepsOf, withStaying } from '../../src/exports/plan.ts'
import { someoneAt, someServer } from './seats.ts'

export const scriptNames = [
  'first-run',
  'key-hierarchy',
  'attested-root',
  'replicate-root',
  'root-kek',
  'root-several',
  'root-vendor',
  'threshold-fhe',
  'fhe-life',
  'threshold-decryption',
  'resharing',
  'holder-heartbeat',
  'root-backup',
  'share-check',
  'restore-drill',
  'root-restore',
  'officer-change',
  'kek-rotation',
  'kek-rotation-backup',
  'revocation',
  'decommission',
  'token-initialisation',
] as const
/** The epoch of a key that an earlier ceremony dealt. */
export const someEpoch = {
  keyId: sha256Hex(utf8('fhe key')),
  epochId: sha256Hex(utf8('epoch')),
  epoch: 0,
  publicFile: sha256Hex(utf8('pub')),
}

export type ScriptName = (typeof scriptNames)[number]

export function scriptBytes(name: ScriptName): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../../resources/scripts/${name}.yaml`, import.meta.url)))
}

/** Values that fill a shipped script, with the cards of its stand-in people. */
export function valuesFor(name: ScriptName, domain: Domain, withServer: boolean): Record<string, unknown> {
  const script = readScript(scriptBytes(name))
  if (!script.ok) throw new Error(JSON.stringify(script.refusals))
  const { blanks, rehearsal } = script.value
  const named = (name: string) => (blanks[name]?.default ?? []) as string[]
  const seats = withStaying(rehearsal.people, named('holders'), named('nextHolders'))
  const server = someServer(domain)
  const all: Record<string, unknown> = {
    title: `Test of ${name}`,
    policy: sha256Hex(utf8('policy')),
    tool: sha256Hex(utf8('tool')),
    people: seats.map(({ role, name }, at) => ({ role, name, card: someoneAt(seats, at, domain).digest })),
    library: sha256Hex(utf8('library')),
    serial: 'a1b2c3d4',
    spareSerial: 'b2c3d4e5',
    rootCkaId: '11'.repeat(16),
    rootId: '22'.repeat(16),
    rootCeremony: '33'.repeat(16),
    // As the fake token proves it.
    rootPossession: sha256Hex(
      utf8(`possession root-kek ${possessionChallenge('33'.repeat(16), '22'.repeat(16))}`),
    ),
    attestationRoot: sha256Hex(utf8('vendor root')),
    companionCkaId: '0c0d',
    companionChain: sha256Hex(utf8('vendor chain')),
    ...someEpoch,
    // No window wraps anything to a server that adopts its root.
    destinations: !withServer
      ? []
      : name === 'root-vendor'
        ? [{ card: server.audience }]
        : [{ card: server.audience, transport: server.transportDigest }],
    earlierBundle: sha256Hex(utf8('earlier bundle')),
    nextPolicy: sha256Hex(utf8('the next policy')),
    backupBundle: sha256Hex(utf8('bundle of the backup')),
    backupSet: '5e'.repeat(16),
    backupIdentifier: 4711,
    backupMedium: sha256Hex(utf8('sealed medium')),
    backupMechanism: 'KWP-RFC5649',
    backupPossession: sha256Hex(utf8('possession')),
    backupShares: named('custodians').map((name) => sha256Hex(utf8(`share of ${name}`))),
    ...rehearsal.values,
  }
  return Object.fromEntries(Object.entries(all).filter(([key]) => Object.hasOwn(blanks, key)))
}

export function planOf(
  name: ScriptName,
  domain: Domain,
  withServer = true,
): { plan: Plan; hash: string; text: string } {
  const made = planFromScript(scriptBytes(name), valuesFor(name, domain, withServer))
  if (!made.ok) throw new Error(describe(made.refusals))
  return made.value
}

export function describe(refusals: PlanRefusal[]): string {
  return refusals.map(({ rule, step, detail }) => `${rule} ${step} ${detail}`).join('\n')
}

/** A deep copy of a plan, for a test to spoil. */
export function copyOf(plan: Plan): Plan {
  return structuredClone(plan)
}

/** The step with an id, of a copy that may be changed. */
export function stepIn(plan: Plan, id: string) {
  const found = stepsOf(plan).find(({ step }) => step.id === id)
  if (found === undefined) throw new Error(`no step ${id}`)
  return found.step
}

/** Takes a step out of a copy of a plan. */
export function without(plan: Plan, id: string): Plan {
  const copy = copyOf(plan)
  for (const part of copy.parts) part.steps = part.steps.filter((step) => step.id !== id)
  copy.checkpoints.live = copy.checkpoints.live.filter((live) => live !== id)
  return copy
}
