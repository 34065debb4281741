import { generateIdentity } from '@lux/crypto'
import type { CheckId, Predicate } from '../../src/exports/bundle.ts'
import type { KeyStatement } from '../../src/exports/documents.ts'
import type { Plan } from '../../src/exports/plan.ts'
import type { Policy } from '../../src/exports/policy.ts'
import { other } from './altered-parts.ts'
import { type Members, planless, recorded } from './altered-recorded.ts'
import { entropyOf } from './people.ts'
import type { Alterations, SampleOptions, SampleVendor } from './sample-options.ts'

/** A bundle with attestations, altered before the altered part is signed: only that is wrong. */
export type AlteredAttestation = [CheckId, string, (vendor: SampleVendor) => SampleOptions]

const altered =
  (alter: Alterations) =>
  (vendor: SampleVendor): SampleOptions => ({ attested: vendor, alter })

const statement = (what: string, change: (of: KeyStatement) => Partial<KeyStatement>): AlteredAttestation => [
  'ATTESTATIONS',
  what,
  altered({ statement: (of) => ({ ...of, ...change(of) }) }),
]

const bundle = (
  check: CheckId,
  what: string,
  change: (of: Predicate) => Partial<Predicate>,
): AlteredAttestation => [check, what, altered({ predicate: (of) => ({ ...of, ...change(of) }) })]

const planned = (what: string, change: (of: Plan['tokens'][number]) => Partial<Plan['tokens'][number]>) =>
  [
    'ATTESTATIONS',
    what,
    altered({
      plan: (plan) => ({ ...plan, tokens: plan.tokens.map((one) => ({ ...one, ...change(one) })) }),
    }),
  ] satisfies AlteredAttestation

const policy = (check: CheckId, what: string, change: (of: Policy) => Policy): AlteredAttestation => [
  check,
  what,
  altered({ policy: change }),
]

const claimed = (level: 'E1' | 'E3') => (of: Predicate) => ({
  keyEvidence: of.keyEvidence.map((one) => (one.id === 'root' ? { ...one, evidence: level } : one)),
})

/** The token's profile in the plan and in the header. */
const profile = (check: CheckId, of: 'softhsm' | 'nshield', softTokens: boolean): AlteredAttestation => [
  check,
  `an attestation of a ${of}, software tokens ${softTokens ? 'allowed' : 'forbidden'}`,
  altered({
    plan: (plan) => ({ ...plan, tokens: plan.tokens.map((one) => ({ ...one, profile: of })) }),
    header: (header) => ({ ...header, tokens: header.tokens.map((one) => ({ ...one, profile: of })) }),
    policy: (one) => ({ ...one, softTokens }),
  }),
]

/** The transcript that witnesses cosigned says otherwise of the step that attested the root, or has none. */
const said = (what: string, change: Members): AlteredAttestation => [
  'TRANSCRIPT-CONTENT',
  `a transcript with another ${what} of the root`,
  altered({ entries: recorded('attest-root', (result) => ({ ...result, ...change })) }),
]

export const alteredAttestations: AlteredAttestation[] = [
  said('voucher', { by: 'vendor' }),
  said('pinned root', { root: other }),
  said('chain', { chain: other }),
  said('statement', { statement: { document: other, size: 1 } }),
  [
    'TRANSCRIPT-CONTENT',
    'a root that had another CKA_ID before it was attested',
    altered({
      entries: recorded('make-root', (result) => ({
        ...result,
        evidence: { ...(result.evidence as Members), ckaId: 'ab'.repeat(16) },
      })),
    }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a root that no step of the plan has attested',
    altered({ plan: planless('attest-root') }),
  ],
  statement('a statement at another head', ({ head }) => ({ head: { ...head, node: other } })),
  statement('a statement at an earlier head', ({ head }) => ({ head: { ...head, size: '8' } })),
  statement('a statement of another token', () => ({ serial: 'b2c3d4e5' })),
  statement('a statement of another CKA_ID', () => ({ ckaId: 'ab'.repeat(16) })),
  statement('a statement of a key with another identity', () => ({ identity: other })),
  statement('a statement of other attributes', ({ attributes }) => ({
    attributes: { ...attributes, EXTRACTABLE: true },
  })),
  statement('a statement of another run', () => ({ ceremonyId: 'ab'.repeat(16) })),
  statement('a statement for the other domain', () => ({ domain: 'rehearsal' })),
  statement('a statement of another plan', () => ({ planHash: other })),
  statement('a statement for another step', () => ({ stepId: 'make-root' })),
  statement('a statement by another companion than the plan’s', ({ companion }) => ({
    companion: { ...companion, ckaId: '0d'.repeat(16) },
  })),
  [
    'ATTESTATIONS',
    'a statement that another key signed',
    altered({ companionSigner: () => generateIdentity(entropyOf('another companion'), ['p256']) }),
  ],
  bundle('ATTESTATIONS', 'a planned attestation that is absent', (of) => ({
    attestations: (of.attestations ?? []).slice(0, 1),
  })),
  bundle('ATTESTATIONS', 'one statement for two keys', (of) => ({
    attestations: (of.attestations ?? []).map((one) => ({
      ...one,
      statement: of.attestations?.[0]?.statement ?? null,
    })),
  })),
  bundle('ATTESTATIONS', 'the word for one key as that for a key of another level', (of) => ({
    attestations: (of.attestations ?? []).map((one) => ({ ...one, level: 'data' as const })),
    keyEvidence: [...of.keyEvidence, ...of.keyEvidence.map((one) => ({ ...one, level: 'data' as const }))],
  })),
  bundle('ATTESTATIONS', 'a key said to be in another token', (of) => ({
    keyEvidence: of.keyEvidence.map((one) => (one.id === 'root' ? { ...one, serial: 'b2c3d4e5' } : one)),
  })),
  bundle('ATTESTATIONS', 'a vendor’s word where the companion’s was planned', (of) => ({
    attestations: (of.attestations ?? []).map((one) => ({ ...one, by: 'vendor' as const, statement: null })),
  })),
  [
    'ATTESTATIONS',
    'a transcript that names another statement',
    altered({
      entries: (entries) =>
        entries.map((entry) =>
          entry.stepId === 'attest-root'
            ? { ...entry, fact: { effect: 'attest', result: { statement: { document: other, size: 10 } } } }
            : entry,
        ),
    }),
  ],
  planned('another root certificate than the plan’s', ({ attestation }) => ({
    attestation: { ...attestation!, root: other },
  })),
  planned('another attestation than the plan’s', ({ attestation }) => ({
    attestation: { ...attestation!, companion: { ...attestation!.companion!, chain: other } },
  })),
  policy('ATTESTATION-CHAINS', 'an attestation where the policy pins no root', (of) => {
    const { attestationRoots: _none, ...rest } = of
    return rest
  }),
  policy('ATTESTATION-CHAINS', 'an attestation to another root than the policy’s', (of) => ({
    ...of,
    attestationRoots: [{ name: 'Vendor', certificate: other, format: 'luna' }],
  })),
  policy(
    'ATTESTATION-CHAINS',
    'an attestation in another format than the policy pins the root for',
    (of) => ({
      ...of,
      attestationRoots: (of.attestationRoots ?? []).map((one) => ({ ...one, format: 'yubihsm' as const })),
    }),
  ),
  profile('ATTESTATION-CHAINS', 'softhsm', false),
  profile('TOKEN-SOFT', 'softhsm', false),
  profile('ATTESTATION-CHAINS', 'nshield', true),
  bundle('EVIDENCE', 'a level above what the companion proves', claimed('E3')),
  bundle('EVIDENCE', 'a level below what the companion proves', claimed('E1')),
  policy('EVIDENCE', 'less than the policy asks for', (of) => ({
    ...of,
    leastEvidence: { ...of.leastEvidence, root: 'E3' },
  })),
  [
    'ATTESTATION-CHAINS',
    'a chain of another key',
    (vendor) => {
      const wrong: SampleVendor = { ...vendor, attest: () => vendor.attest(new Uint8Array(91)) }
      return { attested: wrong }
    },
  ],
  [
    'ATTESTATION-CHAINS',
    'a chain with a byte flipped',
    (vendor) => ({
      attested: {
        ...vendor,
        attest: (spki) => {
          const chain = vendor.attest(spki).slice()
          const at = chain.length - 40
          chain[at] = (chain[at] ?? 0) ^ 1
          return chain
        },
      },
    }),
  ],
]
