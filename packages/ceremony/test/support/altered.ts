import { utf8 } from '@lux/crypto'
import { blobOf, type CheckId, type Predicate } from '../../src/bundle/index.ts'
import type { Plan, TokenProfile } from '../../src/plan/index.ts'
import { makePerson, sampleRecipient } from './people.ts'
import type { Alterations, SampleOptions } from './sample-bundle.ts'
import type { EpochAlterations } from './sample-epochs.ts'

const predicate = (change: (predicate: Predicate) => Partial<Predicate>): Alterations => ({
  predicate: (before) => ({ ...before, ...change(before) }),
})
const stranger = makePerson('officer', 'Mallory', 'production').identity
export const other = '0f'.repeat(32)

const liveParts = (plan: Plan): Plan['parts'] =>
  plan.parts.map((part) => ({
    ...part,
    steps: [...part.steps, { ...part.steps[0]!, id: 'step-9', do: 'checkpoint' }],
  }))
let decision = ''
const withoutDecision: Alterations = {
  predicate: (before) => {
    decision = before.exceptions[0]?.blob ?? ''
    return { ...before, exceptions: [] }
  },
  blobs: (all) => all.filter(({ sha256 }) => sha256 !== decision),
}

const life = { fhe: true, life: true }
const altered2 = (check: CheckId, all: [string, EpochAlterations][]): [CheckId, string, SampleOptions][] =>
  all.map(([what, epochs]) => [check, what, { ...life, alter: { epochs } }])
const refused: EpochAlterations['answer'] = (a) =>
  a.holder === 1 ? { ...a, decision: 'refused', reason: 'no', sealed: null, spent: 0 } : a

/** A run with a token of this profile, under a policy that forbids software tokens. */
export const softToken = (profile: TokenProfile): SampleOptions => ({
  alter: {
    policy: (p) => ({ ...p, softTokens: false }),
    plan: (plan) => ({ ...plan, tokens: plan.tokens.map((token) => ({ ...token, profile })) }),
    header: (h) => ({ ...h, tokens: h.tokens.map((token) => ({ ...token, profile })) }),
  },
})

/** What is wrong with a bundle that is signed as it is, by the check that must refuse it. */
export const altered: [CheckId, string, SampleOptions][] = [
  [
    'TRANSCRIPT-CHAIN',
    'a transcript of another ceremony',
    { alter: predicate(() => ({ ceremonyId: 'dd'.repeat(16) })) },
  ],
  [
    'TRANSCRIPT-ROOT',
    'a manifest with another Merkle root',
    { alter: predicate((p) => ({ transcript: { ...p.transcript, root: other } })) },
  ],
  ['PLAN-HASH', 'a transcript of another plan', { alter: { header: (h) => ({ ...h, planHash: other }) } }],
  [
    'OPENING-CERTIFICATE',
    'a certificate over another header',
    { alter: { opening: (o) => ({ ...o, node0: other }) } },
  ],
  [
    'OPENING-CERTIFICATE',
    'a certificate of the other domain',
    { alter: { opening: (o) => ({ ...o, domain: 'rehearsal' }) } },
  ],
  [
    'OPENING-QUORUM',
    'a certificate that is one officer short',
    { alter: { openingSigners: (all) => all.slice(1) } },
  ],
  [
    'OPENING-QUORUM',
    'a certificate with a signature by a stranger',
    { alter: { openingSigners: (all) => [...all, stranger] } },
  ],
  [
    'CHECKPOINTS',
    'a checkpoint that does not name the one before',
    { alter: { checkpoint: (c, i) => (i === 1 ? { ...c, previous: other } : c) } },
  ],
  [
    'CHECKPOINTS',
    'a checkpoint over another history',
    { alter: { checkpoint: (c, i) => (i === 0 ? { ...c, root: other } : c) } },
  ],
  [
    'CHECKPOINTS',
    'a last checkpoint that leaves entries out',
    { alter: predicate((p) => ({ checkpoints: p.checkpoints.slice(0, 2) })) },
  ],
  [
    'PLAN-CONTENT',
    'a key under another name than the plan gives it',
    { alter: { plan: (p) => ({ ...p, keys: p.keys.map((k) => ({ ...k, name: `${k.name}!` })) }) } },
  ],
  [
    'PLAN-CONTENT',
    'a key that the plan does not have',
    { alter: { plan: (p) => ({ ...p, keys: p.keys.slice(0, 3) }) } },
  ],
  [
    'PLAN-CONTENT',
    'an FHE key with another quorum than the plan wants',
    { fhe: true, alter: { plan: (p) => ({ ...p, fhe: p.fhe && { ...p.fhe, t: 3 } }) as typeof p } },
  ],
  [
    'PLAN-CONTENT',
    'somebody in the room whom the plan does not seat',
    { alter: { plan: (p) => ({ ...p, people: p.people.slice(1) }) } },
  ],
  ['PLAN-CONTENT', 'a plan under another policy', { alter: { plan: (p) => ({ ...p, policy: other }) } }],
  [
    'COSIGNATURES',
    'a live checkpoint that is one witness short',
    { alter: { liveCosigners: (all, i) => (i === 1 ? all.slice(1) : all) } },
  ],
  [
    'COSIGNATURES',
    'a step that the plan wants live and that made no checkpoint',
    {
      alter: { plan: (p) => ({ ...p, checkpoints: { live: ['open-run', 'step-9'] }, parts: liveParts(p) }) },
    },
  ],
  ['EXCEPTIONS', 'a decision that is left out', { alter: withoutDecision }],
  [
    'EXCEPTIONS',
    'a decision about another step',
    { alter: { exception: (e) => ({ ...e, stepId: 'open-run' }) } },
  ],
  [
    'EXCEPTIONS',
    'a decision of another run',
    { alter: { exception: (e) => ({ ...e, ceremonyId: 'dd'.repeat(16) }) } },
  ],
  [
    'EXCEPTIONS',
    'a decision over another history',
    { alter: { exception: (e) => ({ ...e, head: { ...e.head, node: other } }) } },
  ],
  [
    'EXCEPTIONS',
    'another decision than the one of the transcript',
    {
      alter: {
        entries: (all) =>
          all.map((e) => (e.kind === 'exception.decided' ? { ...e, fact: { id: 1, document: other } } : e)),
      },
    },
  ],
  [
    'EXCEPTIONS',
    'an exception that nobody decided',
    { alter: { entries: (all) => all.map((e, i) => (i === 9 ? { ...e, kind: 'exception.opened' } : e)) } },
  ],
  [
    'EXCEPTION-SIGNATURES',
    'a decision that is one officer short',
    { alter: { exceptionSigners: (all) => all.slice(1) } },
  ],
  [
    'EXCEPTION-SIGNATURES',
    'a decision that a stranger signed too',
    { alter: { exceptionSigners: (all) => [...all, stranger] } },
  ],
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
  [
    'FHE-COMMITMENTS',
    'other commitments than those of public.bin',
    { fhe: true, alter: predicate((p) => ({ fhe: p.fhe && { ...p.fhe, commitments: other } })) },
  ],
  [
    'FHE-COMMITMENTS',
    'another epoch id',
    { fhe: true, alter: predicate((p) => ({ fhe: p.fhe && { ...p.fhe, epochId: other } })) },
  ],
  [
    'FHE-COMMITMENTS',
    'another key id',
    { fhe: true, alter: predicate((p) => ({ fhe: p.fhe && { ...p.fhe, keyId: other } })) },
  ],
  [
    'FHE-ENVELOPES',
    'an envelope that the ceremony key did not sign',
    {
      fhe: true,
      alter: predicate((p) => ({
        fhe: p.fhe && {
          ...p.fhe,
          holders: p.fhe.holders.map((h, i) => (i === 0 ? { ...h, envelope: other } : h)),
        },
      })),
    },
  ],
  [
    'FHE-ACKNOWLEDGEMENTS',
    'an acknowledgement of another epoch',
    { fhe: true, alter: { acknowledgement: (a) => (a.holder === 2 ? { ...a, epochId: other } : a) } },
  ],
  ...altered2('DECRYPTIONS', [
    ['a request to a combiner of nobody', { request: (r) => ({ ...r, combiner: sampleRecipient('thief') }) }],
    ['a request for another key', { request: (r) => ({ ...r, keyId: other }) }],
    ['a request of a rehearsal', { request: (r) => ({ ...r, domain: 'rehearsal' }) }],
    ['a request for something else than the plan', { request: (r) => ({ ...r, what: 'every vote' }) }],
    ['two requests with one id', { request: (r) => ({ ...r, requestId: '1'.repeat(32) }) }],
    ['a request in the other mode', { request: (r) => ({ ...r, mode: 'F', budget: 2 * r.budget }) }],
    ['a provenance of another key', { provenance: (p) => ({ ...p, keyId: other }) }],
    ['a provenance of another type', { provenance: (p) => ({ ...p, type: 'i8' }) }],
    ['a provenance of another ciphertext', { provenance: (p) => ({ ...p, ciphertexts: [other] }) }],
    ['an approval short', { approvers: (all) => all.slice(1) }],
    ['an approval by a stranger', { approvers: (all) => [...all, stranger] }],
    ['an answer to another request', { answer: (a) => ({ ...a, request: other }) }],
    ['an answer of another holder', { answer: (a) => ({ ...a, holder: 3 }) }],
    ['an answer after the expiry', { answer: (a) => ({ ...a, time: '2026-01-15T09:59:00.000Z' }) }],
    ['an answer that spent more than was asked', { answer: (a) => ({ ...a, spent: 3 }) }],
    ['a refusal among as many answers as are needed', { answer: refused }],
    ['a result of other answers', { result: (r) => ({ ...r, answers: r.answers.slice(1) }) }],
    [
      'a canary too small to show a wrong correction',
      {
        provenance: (p) => (p.type === 'u256' ? { ...p, type: 'u252' } : p),
        request: (r) =>
          r.budget === 64
            ? { ...r, budget: 63, ciphertexts: r.ciphertexts.map((one) => ({ ...one, type: 'u252' })) }
            : r,
      },
    ],
    ['a canary with a cheater', { result: (r) => ({ ...r, cheaters: [1] }) }],
  ]),
  ...altered2('FHE-EPOCH', [
    ['an approval of other people', { approval: (a) => ({ ...a, roster: other }) }],
    ['an approval of other dealers', { approval: (a) => ({ ...a, dealerMask: 5 }) }],
    ['an approval of another plan', { approval: (a) => ({ ...a, planHash: other }) }],
    ['an approval by somebody else', { approval: (a) => ({ ...a, holder: 3 }) }],
    ['a re-deal of another correction', { redeal: (r) => ({ ...r, correction: other }) }],
    ['a re-deal with other commitments', { redeal: (r) => ({ ...r, commitments: other }) }],
    ['a re-deal from another epoch', { redeal: (r) => ({ ...r, oldEpochId: other }) }],
    ['a re-deal with an envelope too few', { redeal: (r) => ({ ...r, envelopes: r.envelopes.slice(1) }) }],
    ['a proof of another epoch', { nextAcknowledgement: (a) => ({ ...a, epochId: other }) }],
    [
      'a proof of another dealer’s envelopes',
      { nextAcknowledgement: (a) => ({ ...a, envelopeDigest: other }) },
    ],
    ['another epoch declared live', { live: (l) => ({ ...l, epochId: other }) }],
    ['a life without all proofs', { live: (l) => ({ ...l, acknowledgements: l.acknowledgements.slice(1) }) }],
  ]),
  [
    'FHE-EPOCH',
    'a public file that is not the sum',
    { ...life, alter: predicate((p) => ({ next: p.next && { ...p.next, epochId: other } })) },
  ],
  [
    'FHE-EPOCH',
    'too few approvals',
    {
      ...life,
      alter: predicate((p) => ({ next: p.next && { ...p.next, approvals: p.next.approvals.slice(1) } })),
    },
  ],
  [
    'PLAN-CONTENT',
    'a next epoch that the plan does not have',
    { ...life, alter: { plan: (p) => ({ ...p, reshare: { ...p.reshare!, t: 3 } }) } },
  ],
  [
    'DECRYPTIONS',
    'a decryption that the plan does not have',
    { ...life, alter: { plan: (p) => ({ ...p, decryptions: p.decryptions!.slice(1) }) } },
  ],
]
