/**
 * What a bundle may say otherwise and be accepted still, where everybody who must sign has signed it so; by the mutation's name. None of
 * it contradicts anything else in the bundle: it is another run, not a wrong one.
 */
export const noOps: readonly { readonly what: RegExp; readonly why: string }[] = [
  { what: /^(signatures:|.*(blob|lock): signatures) reversed$/, why: 'A set of signatures has no order.' },
  {
    what: /^predicate: keyEvidence reversed$/,
    why: 'Evidence is found by the key’s id and level, of which there is one each.',
  },
  {
    what: /^plan: .*\/(text|textKey) changed$/,
    why: 'The words of a step are for the room. Whoever approved the plan approved them.',
  },
  {
    what: /^plan: fhe\/squash turned$/,
    why: 'How evaluators work later leaves nothing in the bundle.',
  },
  {
    what: /^plan: (checkpoints\/live without its first|parts\/0\/steps(\/\d+ removed| without its first)|tokens\/\d\/(needs|device)(\/\d)?( removed| without its first))$/,
    why: 'A plan that asks for less has less to show. Whether it asks for enough is for its approvers and the lint.',
  },
  {
    what: /: fact: .*with a member more$/,
    why: 'Members that this version does not know are under the entry’s hash and mean nothing to it.',
  },
  {
    what: /, step\.confirmed: fact: (stage|by|input)/,
    why: 'Who pressed, and at which stage, stands in the transcript alone.',
  },
  {
    what: /: fact: (attempt|again|note|list)/,
    why: 'How often a step was tried stands in the transcript alone.',
  },
  {
    what: /^entry initialise, step\.performed: fact: result\/(label|model|firmware)/,
    why: 'What a new token is called stands in the transcript alone; it is known by its serial.',
  },
  {
    what: /^entry probe, step\.performed: fact: result\/token\/(maker|model|firmware)/,
    why: 'What a token says of itself counts only where the policy lists hardware.',
  },
  {
    what: /: fact: result\/measured (reversed|first twice)$/,
    why: 'What a token has shown is a set.',
  },
  {
    what: /: fact: result\/(objects|unreadable|procedure|attacks|staying|ahead)/,
    why: 'What was told of the work on the way stands in the transcript alone.',
  },
  {
    what: /make-root, step\.performed: fact: result\/spares\/0\/transport removed$/,
    why: 'Which object of the spare received the root is told; its public key is what is compared.',
  },
  {
    what: /^entry (check-medium|gone), step\.performed: twice$/,
    why: 'Reading a medium and finding a key absent can be repeated and change nothing.',
  },
  {
    what: /^plan: checkpoints\/live (first twice|reversed)$/,
    why: 'Which checkpoints are asked for is a set.',
  },
  {
    what: /^plan: organisation\/id changed$/,
    why: 'Whose plan it is stands in the plan alone. Planning holds it to the policy (PLAN-81).',
  },
  {
    what: /^predicate: decryptions\/\d+\/answers reversed$/,
    why: 'Answers of an opening are a set.',
  },
  {
    what: /^(checkpoints|recovery\/statements)\/\d+\/(blob|document): payload\/time changed, signed again$/,
    why: 'The time is what its signers say, and they said another.',
  },
  {
    what: /^entry step-\d+, /,
    why: 'It is of no step of the plan, so nothing follows from it.',
  },
  {
    what: /^entry [a-z-]+, (exception\.proposed|checkpoint\.made|custodian\.acknowledged): (twice|removed|of another (step|kind))$/,
    why: 'It tells that a document was proposed, made or received. The document itself is signed and is in the bundle.',
  },
  {
    what: /^entry [a-z-]+, step\.(performed|confirmed): twice$/,
    why: 'What makes a key and is told twice is refused. Anything else was told a second time in the same words.',
  },
  {
    what: /^entry ([a-z-]+, step\.confirmed|initialise, step\.performed): of another kind$/,
    why: 'A step counts as reached by any entry of its own. What it made stands in signed documents of their own.',
  },
  {
    what: /: fact: result\/(evidence\/label|mlDsaSealed|trusted|blobs|signature|(public|serverKey)\/size)/,
    why: 'It is told. What is compared is the digest, the identifier or the signed document beside it (SPEC.md 6.4).',
  },
]
