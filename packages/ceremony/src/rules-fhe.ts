import type { Rule } from './plan/rules.ts'

/** Why a decryption, a holder's answer or a next epoch is refused. */
export const fheRules = {
  'REQUEST-DOMAIN': {
    title: 'The request is of the other domain',
    detail: 'Nothing of a rehearsal is ever decrypted for production, or the other way round.',
    remedy: 'Ask again in this domain.',
  },
  'REQUEST-KEY': {
    title: 'The request is for another key',
    detail: 'It names the key whose ciphertexts it asks for.',
    remedy: 'Ask for ciphertexts of this key.',
  },
  'REQUEST-EPOCH': {
    title: 'The request is for another epoch',
    detail: 'Holders answer in the epoch that is live; shares of another one do not fit.',
    remedy: 'Make the request again for this epoch.',
  },
  'REQUEST-MODE': {
    title: 'The request is in the other mode',
    detail: 'A key decrypts squashed or fresh ciphertexts, as the plan says.',
    remedy: 'Ask in the mode of the key.',
  },
  'REQUEST-EXPIRED': {
    title: 'The request has expired',
    detail: 'No answer is given after the time that the requester set.',
    remedy: 'Ask again with a later expiry.',
  },
  'REQUEST-REPLAYED': {
    title: 'The request was taken before',
    detail: 'A request is answered once; a second disclosure is approved anew.',
    remedy: 'Make a new request and have it approved.',
  },
  'REQUEST-COMBINER': {
    title: 'The answers would go to somebody else',
    detail: 'Only a combiner of the policy may open the answers.',
    remedy: 'Name a combiner of the policy.',
  },
  'REQUEST-REQUESTER': {
    title: 'The requester is not known',
    detail: 'A requester of the policy signs the request, and nobody else.',
    remedy: 'Have a requester of the policy sign it.',
  },
  'REQUEST-PROVENANCE': {
    title: 'Nobody vouches for a ciphertext',
    detail: 'Each ciphertext is in a provenance of its type and mode: an unknown one can give the key away.',
    remedy: 'Bring the provenance that its evaluator signed.',
  },
  'REQUEST-APPROVALS': {
    title: 'The request is not approved',
    detail: 'As many approvers as the policy asks for sign the request.',
    remedy: 'Have them approve it.',
  },
  'REQUEST-BUDGET': {
    title: 'The budget is spent',
    detail: 'Each holder answers a limited number of blocks over the key’s whole life.',
    remedy: 'Ask for less; a key whose budget is spent is replaced.',
  },
  'REQUEST-CANARY': {
    title: 'That is not the canary of the epoch',
    detail:
      'A canary is answered outside the budget: one to an epoch, of 128 to 256 fresh blocks or 64 to 256 squashed ones.',
    remedy:
      'Ask with a canary of that size; if one was tried and failed, abort the run and deal anew, with fresh seeds.',
  },
  'REQUEST-CIPHERTEXT': {
    title: 'A ciphertext was swapped',
    detail: 'The files are those whose digests the request names, in its order.',
    remedy: 'Bring the files of this request.',
  },
  'REQUEST-WHAT': {
    title: 'The request is about something else',
    detail: 'The plan says what is decrypted, in words, and the request repeats them.',
    remedy: 'Make the request for what the plan names.',
  },
  'PROVENANCE-DOMAIN': {
    title: 'The provenance is of the other domain',
    detail: 'An evaluator signs for one domain.',
    remedy: 'Bring a provenance of this domain.',
  },
  'PROVENANCE-KEY': {
    title: 'The provenance is of another key',
    detail: 'An evaluator signs for the ciphertexts of one key.',
    remedy: 'Bring a provenance of this key.',
  },
  'PROVENANCE-ADMISSION': {
    title: 'The provenance lets in what its mode forbids',
    detail:
      'Mode F takes fresh ciphertexts alone: what came out of a proven list has more noise than it hides.',
    remedy: 'Use mode S for it.',
  },
  'PROVENANCE-SIGNER': {
    title: 'Nobody whom the policy names signed the provenance',
    detail: 'In mode S an evaluator signs it, in mode F an encryptor; the requester’s word is no provenance.',
    remedy: 'Have it signed by one of them.',
  },
  'ANSWER-01': {
    title: 'The answer is of another request',
    detail: 'Request, key and epoch must be those of this step.',
    remedy: 'Let the holder answer the request of this run.',
  },
  'ANSWER-02': {
    title: 'The holder’s budget does not add up',
    detail: 'What is left is what was left before, less what was spent, and never more.',
    remedy: 'Look at the holder’s device before anything else is asked of it.',
  },
  'RESULT-01': {
    title: 'The result is of other answers',
    detail: 'The requester combines exactly the answers of this run.',
    remedy: 'Combine the answers that were taken here.',
  },
  'RESULT-02': {
    title: 'The canary failed',
    detail:
      'All new shares must decrypt the canary to what was encrypted, or the new epoch holds another key.',
    remedy: 'Abort the run; the old shares stay. Try again with fresh seeds.',
  },
  'EPOCH-01': {
    title: 'Another epoch was approved',
    detail: 'Plan, people, quorum and dealers must be those of this run.',
    remedy: 'Let the holder approve the epoch of this run.',
  },
  'EPOCH-02': {
    title: 'The new shares could answer nothing',
    detail:
      'What the present holders have left is shared among the new ones, less a canary; who says nothing counts as having spent all. A key whose shares answer nothing is lost.',
    remedy:
      'Let more of the present holders say what is left, all of them if need be. If it is spent, stay in this epoch while it answers, and make a new key.',
  },
  'REDEAL-01': {
    title: 'Another epoch was dealt',
    detail: 'Plan, quorum and old epoch must be those of this run, and everything that is dealt is fresh.',
    remedy: 'Let the dealer deal again for this run, with fresh seeds.',
  },
} as const satisfies Record<string, Rule>
