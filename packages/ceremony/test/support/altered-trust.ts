import { utf8 } from '@lux/crypto'
import { blobOf } from '../../src/exports/bundle.ts'
import type { TokenProfile } from '../../src/exports/plan.ts'
import { type Altered, other, predicate, stranger } from './altered-parts.ts'
import type { SampleOptions } from './sample-bundle.ts'
import { sampleTime } from './sample-options.ts'

/** A run with a token of this profile, under a policy that forbids software tokens. */
export const softToken = (profile: TokenProfile): SampleOptions => ({
  alter: {
    policy: (p) => ({ ...p, softTokens: false }),
    plan: (plan) => ({ ...plan, tokens: plan.tokens.map((token) => ({ ...token, profile })) }),
    header: (h) => ({ ...h, tokens: h.tokens.map((token) => ({ ...token, profile })) }),
  },
})

/** Signers, keys, tokens or audiences are not those of the policy. */
export const alteredTrust: Altered[] = [
  ['COSIGNATURES', 'one witness short', { alter: { cosigners: (all) => all.slice(1) } }],
  ['COSIGNATURES', 'a cosignature by a stranger', { alter: { cosigners: (all) => [...all, stranger] } }],
  [
    'CEREMONY-SIGNATURE',
    'no signature of the ceremony key',
    { alter: { bundleSigners: (all) => all.slice(1) } },
  ],
  ['MANIFEST-SIGNATURES', 'one officer short', { alter: { bundleSigners: (all) => all.slice(0, 2) } }],
  [
    'MANIFEST-SIGNATURES',
    'a signature by a stranger',
    { alter: { bundleSigners: (all) => [...all, stranger] } },
  ],
  [
    'MANIFEST-SIGNATURES',
    'an officer who signed twice',
    { alter: { bundleSigners: (all) => [...all, all[1]!] } },
  ],
  [
    'CARDS',
    'a roster with a name that the card does not have',
    { alter: { header: (h) => ({ ...h, roster: h.roster.map((r) => ({ ...r, name: `${r.name}x` })) }) } },
  ],
  [
    'TRANSPORTS',
    'a transport key for another server',
    { alter: { transport: (t) => ({ ...t, audience: other }) } },
  ],
  [
    'TRANSPORTS',
    'a transport key of a rehearsal',
    { alter: { transport: (t) => ({ ...t, domain: 'rehearsal' }) } },
  ],
  [
    'WRAP-TREE',
    'a project key under the root',
    {
      alter: predicate((p) => ({
        wrapTree: p.wrapTree.map((n) => (n.id === 'payments' ? { ...n, parent: 'root' } : n)),
      })),
    },
  ],
  [
    'WRAP-TREE',
    'a key without a parent',
    {
      alter: predicate((p) => ({
        wrapTree: p.wrapTree.map((n) => (n.id === 'orders' ? { ...n, parent: 'lost' } : n)),
      })),
    },
  ],
  [
    'POSSESSION',
    'a proof over a challenge of its own',
    { alter: predicate((p) => ({ possession: p.possession.map((x) => ({ ...x, challenge: other })) })) },
  ],
  [
    'EVIDENCE',
    'less evidence than the policy asks for',
    {
      alter: predicate((p) => ({
        keyEvidence: p.keyEvidence.map((e) => ({ ...e, evidence: 'E0' as const })),
      })),
    },
  ],
  [
    'EVIDENCE',
    'a vendor’s attestation that is claimed and not there',
    {
      alter: predicate((p) => ({
        keyEvidence: p.keyEvidence.map((e) => ({ ...e, evidence: 'E3' as const })),
      })),
    },
  ],
  [
    'EVIDENCE',
    'a root of half the length',
    {
      alter: predicate((p) => ({
        keyEvidence: p.keyEvidence.map((e) =>
          e.level === 'root' ? { ...e, attributes: { ...e.attributes, VALUE_LEN: 16 } } : e,
        ),
      })),
    },
  ],
  [
    'EVIDENCE',
    'a key without evidence',
    { alter: predicate((p) => ({ keyEvidence: p.keyEvidence.slice(1) })) },
  ],
  [
    'BLOB-REFERENCES',
    'a blob that nothing names',
    { alter: { blobs: (all) => [...all, blobOf(utf8('stowaway'))] } },
  ],
  ['BLOB-REFERENCES', 'a named blob that is missing', { alter: { blobs: (all) => all.slice(0, -1) } }],
  ['LOCK', 'a plan that nobody locked', { alter: predicate(() => ({ lock: null })) }],
  [
    'TOKEN-SOFT',
    'a software token where the policy forbids it',
    { alter: { policy: (p) => ({ ...p, softTokens: false }) } },
  ],
  ['TOKEN-SOFT', 'openCryptoki’s soft token, too', softToken('opencryptoki')],
  ['TOKEN-SOFT', 'a software TPM, too', softToken('swtpm')],
  [
    'TOOL',
    'a tool that the policy does not list',
    { alter: { policy: (p) => ({ ...p, acceptedTools: [] }) } },
  ],
  [
    'POLICY-EXPIRY',
    'a policy that had expired',
    { alter: { policy: (p) => ({ ...p, expiry: '2026-01-01T00:00:00.000Z' }) } },
  ],
  [
    'POLICY-EXPIRY',
    'a policy that expired after the run had begun and before it opened',
    { alter: { policy: (p) => ({ ...p, expiry: sampleTime(1) }) } },
  ],
  [
    'POLICY-QUORUM',
    'a policy with a witness who has half of the key of an officer',
    {
      alter: {
        policy: ({ witnesses: [wim, ...others], ...p }) => ({
          ...p,
          witnesses: [{ ...wim!, keys: { ...wim!.keys, mlDsa65: p.officers[0]!.keys.mlDsa65! } }, ...others],
        }),
      },
    },
  ],
  [
    'POLICY-ROSTER',
    'an officer whom the policy does not know',
    { alter: { policy: (p) => ({ ...p, officers: p.officers.slice(0, 2) }) } },
  ],
  [
    'ALGORITHMS',
    'an algorithm that the policy does not list',
    { alter: { policy: (p) => ({ ...p, algorithms: { ...p.algorithms, keys: ['EC-P256'] } }) } },
  ],
  [
    'AUDIENCE',
    'a server that the policy does not list',
    { alter: { policy: (p) => ({ ...p, audiences: [] }) } },
  ],
]
