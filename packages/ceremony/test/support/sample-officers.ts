import { encodeCanonical, type Json, type SigningIdentity, sha256Hex, signWith } from '@lux/crypto'
import { type BlobSource, blobOf } from '../../src/exports/bundle.ts'
import { signatureContext } from '../../src/exports/documents.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import { memberOf, type Policy, type PolicyFile, policyDigest } from '../../src/exports/policy.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { makePerson } from './people.ts'
import type { SampleOptions } from './sample-options.ts'

/** As it is, sound or not. */
const bytesOf = (value: Policy | PolicyFile) => encodeCanonical(value as unknown as Json)

/** What differs from a run in which one officer leaves, another comes, and all who stay have signed. */
export type OfficerAlterations = {
  plan?: (plan: Plan) => Plan
  next?: (next: Policy) => Policy
  signers?: (officers: SigningIdentity[]) => SigningIdentity[]
  file?: (file: PolicyFile) => PolicyFile
  /** What the transcript says was read. */
  read?: object
  domain?: 'production' | 'rehearsal'
}

/** A sample bundle whose officers changed. */
export function sampleOfficers(change: OfficerAlterations = {}): SampleOptions {
  const domain = change.domain ?? 'production'
  const joins = makePerson('officer', 'Newcomer', domain)
  let made: { blob: BlobSource; policy: Policy } | null = null
  /** The plan is asked for after the policy, and before the bundle. */
  const make = (before: Policy) => {
    const leaves = before.officers.at(-1)!
    const moved = (of: typeof leaves, how: 'added' | 'removed') => ({
      role: 'officer' as const,
      name: of.name,
      card: of.card,
      change: how,
      reason: 'moved',
    })
    const joined = memberOf(joins.card)
    const sound: Policy = {
      ...before,
      v: 2,
      version: before.version + 1,
      previous: policyDigest(before),
      officers: [...before.officers.slice(0, -1), joined],
      changes: [moved(joined, 'added'), moved(leaves, 'removed')],
    }
    const policy = change.next?.(sound) ?? sound
    const own = before.officers.map(({ name }) => makePerson('officer', name, domain).identity)
    const signers = change.signers?.([...own, joins.identity]) ?? [...own, joins.identity]
    const file = {
      policy,
      signatures: signers.map((one) =>
        signWith(one, signatureContext('policy', policy.domain), bytesOf(policy)),
      ),
    }
    made = { blob: blobOf(bytesOf(change.file?.(file) ?? file)), policy }
    return made
  }
  return {
    version: 2,
    domain,
    alter: {
      policy(before) {
        make(before)
        return before
      },
      plan(plan) {
        const copy = structuredClone(plan)
        if (made !== null) copy.nextPolicy = sha256Hex(bytesOf(made.policy))
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) => (one.do === 'seal' ? [step, one] : [one]))
        return change.plan?.(copy) ?? copy
      },
      entries(entries) {
        const { version, officerQuorum: quorum } = made!.policy
        const result = {
          policy: sha256Hex(bytesOf(made!.policy)),
          version,
          quorum,
          staying: ['Ada'],
          ahead: [],
        }
        return withRead(entries, change.read ?? result)
      },
      predicate: (predicate) => ({ ...predicate, nextPolicy: made!.blob.sha256 }),
      blobs: (blobs) => [...blobs, made!.blob],
    },
  }
}

const step: Step = {
  id: 'sign-policy',
  do: 'sign-policy',
  actor: 'officer',
  textKey: 'steps.sign-policy',
  text: 'The officers sign the next policy.',
}

function withRead(entries: FullEntry[], result: object): FullEntry[] {
  const at = entries.findIndex(({ stepId }) => stepId === 'seal')
  const seal = entries[at]!
  const fact = { attempt: 1, effect: 'read-policy', again: false, result } as FullEntry['fact']
  return [...entries.slice(0, at), { ...seal, stepId: 'sign-policy', fact }, ...entries.slice(at)].map(
    (entry, index) => ({ ...entry, seq: String(index) }),
  )
}
