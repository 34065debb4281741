import type { CheckId } from '../../src/exports/bundle.ts'
import { memberOf } from '../../src/exports/policy.ts'
import { type Altered, other, predicate, stranger } from './altered-parts.ts'
import { makePerson, sampleRecipient } from './people.ts'
import type { EpochAlterations } from './sample-epochs.ts'

const life = { fhe: true, life: true }
const altered2 = (check: CheckId, all: [string, EpochAlterations][]): Altered[] =>
  all.map(([what, epochs]) => [check, what, { ...life, alter: { epochs } }])
/** Re-deals in the sample, and is an evaluator too where the policy says so. */
const dealer = makePerson('holder', 'Hana', 'production')
const refused: EpochAlterations['answer'] = (a) =>
  a.holder === 1 ? { ...a, decision: 'refused', reason: 'no', sealed: null, spent: 0 } : a

/** A threshold key, its decryptions or its next epoch are not what holders signed. */
export const alteredFhe: Altered[] = [
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
  ...(['TFHE_BINARY', 'TFHE_INTEGER'] as const).map(
    (type): Altered => [
      'FHE-COMMITMENTS',
      `the public file of a key of the other type than ${type}`,
      {
        domain: 'rehearsal',
        fhe: true,
        binary: type === 'TFHE_INTEGER',
        alter: {
          plan: (p) => ({ ...p, fhe: { ...p.fhe!, type } }),
          ...predicate((p) => ({ fhe: p.fhe && { ...p.fhe, type } })),
        },
      },
    ],
  ),
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
    [
      'a batch that nobody vouches for',
      {
        batches: true,
        provenance: (p) => (p.v === 2 ? { ...p, batch: { ...p.batch, digest: other } } : p),
      },
    ],
    ['an approval short', { approvers: (all) => all.slice(1) }],
    ['an approval by a stranger', { approvers: (all) => [...all, stranger] }],
    ['an answer to another request', { answer: (a) => ({ ...a, request: other }) }],
    ['an answer for the other domain', { answer: (a) => ({ ...a, domain: 'rehearsal' }) }],
    ['an answer with a share of another key', { answer: (a) => ({ ...a, keyId: other }) }],
    ['an answer with a share of another epoch', { answer: (a) => ({ ...a, epochId: other }) }],
    ['an answer in another name', { answer: (a) => (a.holder === 1 ? { ...a, name: 'Jun' } : a) }],
    ['a result for the other domain', { result: (r) => ({ ...r, domain: 'rehearsal' }) }],
    ['a result of another request', { result: (r) => ({ ...r, request: other }) }],
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
          r.budget === 64 && r.v === 1
            ? { ...r, budget: 63, ciphertexts: r.ciphertexts.map((one) => ({ ...one, type: 'u252' })) }
            : r,
      },
    ],
    ['a canary with a cheater', { result: (r) => ({ ...r, cheaters: [1] }) }],
  ]),
  [
    'DECRYPTIONS',
    'a canary that a dealer vouches for',
    {
      ...life,
      alter: {
        policy: (p) => ({ ...p, evaluators: [...p.evaluators, memberOf(dealer.card)] }),
        epochs: { canaryBy: dealer.identity },
      },
    },
  ],
  [
    'DECRYPTIONS',
    'a canary that a dealer vouches for beside an evaluator',
    {
      ...life,
      alter: {
        policy: (p) => ({ ...p, evaluators: [...p.evaluators, memberOf(dealer.card)] }),
        epochs: { canaryToo: dealer.identity },
      },
    },
  ],
  [
    'DECRYPTIONS',
    'fewer answers than the plan wants',
    {
      ...life,
      alter: {
        plan: (p) => ({
          ...p,
          decryptions: p.decryptions!.map((one) => (one.id === 'first' ? { ...one, answers: 3 } : one)),
        }),
      },
    },
  ],
  [
    'DECRYPTIONS',
    'decryptions in another order than the plan’s',
    { ...life, alter: { plan: (p) => ({ ...p, decryptions: p.decryptions!.toReversed() }) } },
  ],
  [
    'DECRYPTIONS',
    'two decryptions of one name',
    {
      ...life,
      alter: {
        plan: (p) => ({ ...p, decryptions: p.decryptions?.map((one) => ({ ...one, id: 'count' })) ?? [] }),
        predicate: (p) => ({ ...p, decryptions: p.decryptions.map((one) => ({ ...one, id: 'count' })) }),
      },
    },
  ],
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
    ['a re-deal for another threshold', { redeal: (r) => ({ ...r, t: 3 }) }],
    ['a re-deal for another number', { redeal: (r) => ({ ...r, n: 4 }) }],
    ['a re-deal for the other domain', { redeal: (r) => ({ ...r, domain: 'rehearsal' }) }],
    ['a re-deal of another run', { redeal: (r) => ({ ...r, ceremonyId: 'ab'.repeat(16) }) }],
    ['a re-deal of another key', { redeal: (r) => ({ ...r, keyId: other }) }],
    ['an approval of another number of epoch', { approval: (a) => ({ ...a, epoch: 2 }) }],
    ['an approval of another threshold', { approval: (a) => ({ ...a, t: 3 }) }],
    ['an approval of more holders', { approval: (a) => ({ ...a, n: 4 }) }],
    ['a proof for the other domain', { nextAcknowledgement: (a) => ({ ...a, domain: 'rehearsal' }) }],
    ['a proof of another run', { nextAcknowledgement: (a) => ({ ...a, ceremonyId: 'ab'.repeat(16) }) }],
    ['a proof of another key', { nextAcknowledgement: (a) => ({ ...a, keyId: other }) }],
    ['a proof of another share', { nextAcknowledgement: (a) => (a.holder === 1 ? { ...a, holder: 2 } : a) }],
    ['a proof in another name', { nextAcknowledgement: (a) => ({ ...a, name: 'Ida' }) }],
    ['a life of another number of epoch', { live: (l) => ({ ...l, epoch: 2 }) }],
    ['a life at another threshold', { live: (l) => ({ ...l, t: 3 }) }],
    ['a life of more holders', { live: (l) => ({ ...l, n: 4 }) }],
    ['a life without all proofs', { live: (l) => ({ ...l, acknowledgements: l.acknowledgements.slice(1) }) }],
  ]),
  [
    'FHE-EPOCH',
    'a public file that is not the sum',
    { ...life, alter: predicate((p) => ({ next: p.next && { ...p.next, epochId: other } })) },
  ],
  [
    'FHE-EPOCH',
    'other dealers than the plan names',
    { ...life, alter: { plan: (p) => ({ ...p, reshare: { ...p.reshare!, dealers: ['Hana', 'Jun'] } }) } },
  ],
  [
    'FHE-EPOCH',
    'the public file of the epoch before',
    { ...life, alter: predicate((p) => ({ next: p.next && { ...p.next, public: p.fhe?.public ?? '' } })) },
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
