import { type Altered, other, stranger } from './altered-parts.ts'
import type { Alterations, SignedPart } from './sample-options.ts'

const byStranger = (part: SignedPart): Alterations => ({
  signer: (signed, by) => (signed === part ? stranger : by),
})
const life = { fhe: true, life: true }

/** Each document of a bundle, signed by somebody else than it must be, or for something else. */
export const alteredSigners: Altered[] = [
  ['LOCK', 'a lock that strangers signed', { alter: byStranger('lock') }],
  ['LOCK', 'a lock of one officer', { alter: { lockSigners: (all) => all.slice(1) } }],
  ['LOCK', 'a lock of another plan', { alter: { lock: (terms) => ({ ...terms, planHash: other }) } }],
  [
    'LOCK',
    'a lock under another policy',
    { alter: { lock: (terms) => ({ ...terms, policyDigest: other }) } },
  ],
  [
    'LOCK',
    'a rehearsal with a lock',
    {
      domain: 'rehearsal',
      alter: { predicate: (before) => ({ ...before, lock: before.opening }) },
    },
  ],
  [
    'TRANSPORTS',
    'a transport key that another one than the server signed',
    { alter: byStranger('transport') },
  ],
  [
    'FHE-ACKNOWLEDGEMENTS',
    'an acknowledgement that another one than the holder signed',
    { fhe: true, alter: byStranger('acknowledgement') },
  ],
  ['DECRYPTIONS', 'an answer that no holder signed', { ...life, alter: byStranger('answer') }],
  ['DECRYPTIONS', 'a result that no requester signed', { ...life, alter: byStranger('result') }],
  ['FHE-EPOCH', 'an approval that no holder signed', { ...life, alter: byStranger('epoch-approval') }],
  ['FHE-EPOCH', 'a re-deal that no dealer signed', { ...life, alter: byStranger('redeal') }],
  ['FHE-EPOCH', 'a proof that no next holder signed', { ...life, alter: byStranger('proof') }],
  [
    'FHE-EPOCH',
    'an epoch that the ceremony key did not declare live',
    { ...life, alter: byStranger('live') },
  ],
]
