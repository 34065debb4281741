import { planRules, type Rule } from '../plan/rules.ts'
import type { Refusal } from './commands.ts'

/** Why a decryption, a holder's answer or a next epoch is refused. */
const fheRules = {
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

/** Every reason for which a command is refused or a history is not opened. */
export const runRules = {
  'RUN-01': {
    title: 'The run has started already',
    detail: 'A run starts once; its first entry pins people, tokens and policy.',
    remedy: 'Go on with the run, or make a new one.',
  },
  'RUN-02': {
    title: 'A card is not the one that is expected',
    detail:
      'Production takes exactly the cards of the plan; a rehearsal takes rehearsal cards for the same seats. No signing or envelope key stands under two names.',
    remedy:
      'Use the card file that is named. Where two cards have one key, one of the two people enrols anew (not a holder of a living epoch), and the plan takes the new card, and so does the policy where it lists that person.',
  },
  'RUN-03': {
    title: 'A destination is not the one that is expected',
    detail:
      'The server’s card and its signed transport key must be those of the plan and of this domain, and there is one server at most.',
    remedy: 'Fetch the server’s card and transport files again and compare their fingerprints with the plan.',
  },
  'RUN-04': {
    title: 'The policy’s quorum cannot be met',
    detail: 'The policy asks for more officers or witnesses than are seated.',
    remedy: 'Seat more people in the plan.',
  },
  'RUN-05': {
    title: 'A token is bound wrongly',
    detail: 'Every token role of the plan is bound to one serial; a new one to none yet.',
    remedy: 'Bind every role to the token that the plan names.',
  },
  'RUN-06': {
    title: 'The run is not at work',
    detail: 'It has not started, is paused, waits for a decision, or is over.',
    remedy:
      'Start or resume the run, or decide the open exception, first. A run that is over takes nothing more.',
  },
  'RUN-07': {
    title: 'Work on the token cannot be interrupted',
    detail: 'Pausing and aborting wait until the effect under way has reported.',
    remedy: 'Wait for the effect to end.',
  },
  'RUN-08': {
    title: 'The run is not paused',
    detail: 'Only a paused run resumes, after the checkpoint of its pause is made.',
    remedy: 'Wait for the checkpoint, or go on.',
  },
  'RUN-09': {
    title: 'The run can no longer be aborted',
    detail: 'After the bundle is exported it can only be revoked.',
    remedy: 'Finish the run, then revoke its bundle.',
  },
  'RUN-10': {
    title: 'This person may not do that',
    detail:
      'Runs are started, paused, resumed, aborted and decided on by an administrator, operator or officer of the plan.',
    remedy: 'Let one of them act.',
  },
  'STEP-01': {
    title: 'Another step is current',
    detail: 'Steps run in the plan’s order, one at a time.',
    remedy: 'Look at the current step.',
  },
  'STEP-02': {
    title: 'Another role acts at this step',
    detail: 'Only a person with the role that the step names may proceed.',
    remedy: 'Let one of the people who are named act.',
  },
  'STEP-03': {
    title: 'There is nothing to confirm',
    detail: 'The step waits for work on the machine or for signatures, not for Proceed.',
    remedy: 'See what the step needs.',
  },
  'STEP-04': {
    title: 'A value is missing, unknown or malformed',
    detail: 'The step asks for exactly the values of the plan, each in its format.',
    remedy: 'Enter the values again.',
  },
  'STEP-05': {
    title: 'The clocks are more than five minutes apart',
    detail:
      'Every entry of the transcript takes its time from the workstation’s clock, so the run stops here.',
    remedy: 'Decide together which clock is wrong. Put it right and enter the time again, or abort the run.',
  },
  'EFFECT-01': {
    title: 'The report does not fit what is owed',
    detail: 'An outcome names the step, the attempt and the effect that the run waits for.',
    remedy: 'Ask what is owed and report on that.',
  },
  'EFFECT-02': {
    title: 'The report is malformed',
    detail: 'A result has exactly the fields of its effect.',
    remedy: 'This is a fault of the program; save a report.',
  },
  'EFFECT-03': {
    title: 'No intent is due',
    detail: 'An intent is logged once per attempt, with 16 fresh bytes each for nonce and root id.',
    remedy: 'Ask what is owed.',
  },
  'EFFECT-04': {
    title: 'Nothing is to be reconciled',
    detail: 'A finding is taken only for an attempt whose outcome is unknown after a restart.',
    remedy: 'Ask what is owed.',
  },
  'COMMAND-01': {
    title: 'The entry cannot be recorded',
    detail: 'Names are one line, reasons at most 2000 characters, without control characters.',
    remedy: 'Shorten the text or take the control characters out.',
  },
  'EXCEPTION-01': {
    title: 'No decision is due',
    detail: 'There is no open exception.',
    remedy: 'See what the step needs.',
  },
  'EXCEPTION-02': {
    title: 'This decision is not open',
    detail: 'What may be decided depends on what happened; a key is never taken on trust.',
    remedy: 'Choose one of the decisions that are offered.',
  },
  'EXCEPTION-03': {
    title: 'The decision is about another moment',
    detail:
      'Officers sign a decision together with the transcript as it stands, so the head must be the newest.',
    remedy: 'Propose the decision again.',
  },
  'SUBMIT-01': {
    title: 'Nothing waits for this signature',
    detail: 'A signature is taken when the current step asks for it.',
    remedy: 'Keep the file and give it at its step.',
  },
  'SUBMIT-02': {
    title: 'Something else was signed',
    detail: 'The signed bytes are not those that this run shows.',
    remedy: 'Have the person sign the request of this run again.',
  },
  'SUBMIT-03': {
    title: 'The signer has no seat for this',
    detail: 'Only the people that the plan names for it may sign.',
    remedy: 'Ask one of the people who are named as missing.',
  },
  'SUBMIT-04': {
    title: 'The signature is not valid',
    detail: 'Every key of the signer must have signed these bytes for this purpose and domain.',
    remedy: 'Have the person sign again.',
  },
  'SUBMIT-05': {
    title: 'This person has signed already',
    detail: 'A signature counts once.',
    remedy: 'Ask one of the people who are named as missing.',
  },
  'SUBMIT-06': {
    title: 'The document is malformed',
    detail: 'It is not canonical, or lacks or adds a field.',
    remedy: 'Have the device make the file again.',
  },
  'RUN-11': {
    title: 'The epoch is not the one that is expected',
    detail:
      'Production takes exactly the epoch that the plan names; a rehearsal makes a stand-in key for it.',
    remedy: 'Use the public.bin of that epoch.',
  },
  'RUN-12': {
    title: 'A run of a plan of version 1 has no notes',
    detail: 'Transcripts of version 1 know no such entry, and the run of a plan writes those of its version.',
    remedy: 'Write it on paper, or report it as something that went another way than expected.',
  },
  ...fheRules,
  'ACKNOWLEDGE-01': {
    title: 'The acknowledgement is of another share',
    detail: 'Holder, key, epoch, share and envelope must be those that were dealt in this run.',
    remedy: 'Let the holder open the envelope of this run and prove it again.',
  },
  'RECEIPT-01': {
    title: 'The receipt is of another bundle',
    detail: 'Run, bundle and audience must be those of this run.',
    remedy: 'Import the bundle of this run and bring its receipt.',
  },
  'RECEIPT-02': {
    title: 'The receipt does not prove the root',
    detail: 'Every destination must show the possession proof of the root and destroy its transport key.',
    remedy: 'Do not close the run; look at the server’s token.',
  },
  'HISTORY-01': {
    title: 'The history has an entry that this version does not know',
    detail: 'An event of an unknown kind or shape is never skipped.',
    remedy: 'Open the run with the version that wrote it.',
  },
  'HISTORY-02': {
    title: 'The history is out of order',
    detail: 'Entries are numbered from 0 without gaps, and follow from one another.',
    remedy: 'Restore the run’s folder from its backup.',
  },
  'HISTORY-03': {
    title: 'An earlier build took what this one refuses',
    detail: 'A result that is recorded does not meet today’s rules, and nobody was asked about it then.',
    remedy:
      'Abort the run, which destroys its ceremony key, and run the plan again; a key that it made is not to be used.',
  },
} as const satisfies Record<string, Rule>

/** One table for the screens, the documentation and the tests: every rule ID with title, detail and remedy. */
export const rules = { ...planRules, ...runRules } as const

export type RunRule = keyof typeof runRules

export type RuleId = keyof typeof rules

export function isRunRule(rule: string): rule is RunRule {
  return Object.hasOwn(runRules, rule)
}

export function refuse(rule: RunRule, detail: string): Refusal {
  return { ok: false, rule, detail }
}
