/** What a rule says: `title` names it, `detail` explains it, `remedy` says what to do. */
export type Rule = { title: string; detail: string; remedy: string }

const newCard =
  'Where two cards have one key, one of the two people enrols anew (not a holder of a living epoch), and the plan takes the new card, and so does the policy where it lists that person.'
const fix =
  'Correct the plan and check it again; its hash changes, so it must be rehearsed and approved anew.'

/** Every reason for which a plan is refused, and PLAN-45, of which its readers are warned. */
export const planRules = {
  'PLAN-01': {
    title: 'The plan file cannot be read',
    detail: 'A plan is UTF-8 text with LF line ends, without a byte order mark, of at most 1 MiB.',
    remedy: 'Save the file as UTF-8 with LF line ends.',
  },
  'PLAN-02': {
    title: 'The plan is not plain YAML',
    detail: 'YAML 1.2 core in one document; no anchors, aliases, tags, merges, directives or duplicate keys.',
    remedy: 'Write each value out in full where it belongs.',
  },
  'PLAN-03': {
    title: 'The plan has a wrong or unknown entry',
    detail: 'Every entry must be known and of the right type. A number that is meant as text needs quotes.',
    remedy: 'Correct the entry at the path that is named.',
  },
  'PLAN-04': {
    title: 'A blank of the script is not filled in well',
    detail:
      'Every blank without a default needs a value of its type, and only blanks of the script can be set.',
    remedy: 'Give the value that is named, or leave out the one that the script does not know.',
  },
  'PLAN-05': {
    title: 'The lock does not fit the plan',
    detail: 'A lock names one plan, one policy and a sealed rehearsal, and carries the officers’ approvals.',
    remedy: 'Collect the approvals of this very plan again.',
  },
  'PLAN-10': {
    title: 'A person or card appears twice',
    detail:
      'Each seat has its own card, and a name stands once for a role; twice for a holder who stays for a next epoch. No signing key, half of a hybrid one too, and no envelope key stands under two names.',
    remedy: `${fix} ${newCard}`,
  },
  'PLAN-11': {
    title: 'A person holds roles that exclude each other',
    detail:
      'One role a person; only recorder with witness, or officer with holder, may be joined. Whoever has the same signing key is one person, under whatever names.',
    remedy: `Give one of the roles to somebody else. ${newCard}`,
  },
  'PLAN-12': {
    title: 'The quorum cannot be met',
    detail: 'The plan must seat at least as many officers and witnesses as the policy asks for.',
    remedy: 'Seat more people, or use a policy that asks for fewer.',
  },
  'PLAN-13': {
    title: 'Nobody can do the step',
    detail: 'The role that acts must be held by a person of the plan.',
    remedy: 'Seat a person with that role, or let another role act.',
  },
  'PLAN-14': {
    title: 'Somebody in the room is not of the policy',
    detail:
      'Officers, witnesses and approvers sit with the very cards that the policy lists; the signature of anybody else would refuse the bundle.',
    remedy:
      'Seat people of the policy with the cards that it lists, or have a policy signed that lists this card.',
  },
  'PLAN-20': {
    title: 'The tokens are named wrongly',
    detail:
      'Token roles and serials are unique, one has the role ceremony, and a step names a token of the plan.',
    remedy: fix,
  },
  'PLAN-21': {
    title: 'A token is initialised wrongly',
    detail: 'A new token needs a label and one step that initialises it; a known one is never initialised.',
    remedy: fix,
  },
  'PLAN-22': {
    title: 'The token cannot do the step',
    detail: 'The profile of the token says that it lacks what the step needs.',
    remedy: 'Use a token of another profile for this step.',
  },
  'PLAN-30': {
    title: 'The keys do not form a hierarchy',
    detail:
      'Ids are unique; one root; an organisation is under the root, a project under an organisation, data under a project.',
    remedy: fix,
  },
  'PLAN-31': {
    title: 'The algorithm does not fit the key',
    detail: 'Root, organisation and project keys are AES-256.',
    remedy: 'Use AES-256 for this key.',
  },
  'PLAN-32': {
    title: 'Replication and destinations contradict each other',
    detail:
      'A root goes to a destination only through a trusted window, and a trusted window needs one. There is at most one: a bundle is for one server, which has one node.',
    remedy: 'Name one destination, or set replication to none. Another server needs a ceremony of its own.',
  },
  'PLAN-34': {
    title: 'The root is not brought into another token as it says',
    detail:
      'A root with a vendor’s way has a replicate-root step for each token that receives it, once, after its possession proof, and never into its own token; none of these tokens is new; a root without such a way has no such step.',
    remedy: 'Name the vendor’s way as the replication of the root, and order the steps so.',
  },
  'PLAN-35': {
    title: 'A key is not attested as it says',
    detail:
      'An attest step names a key that is made in this run and not attested before: the ceremony key, a root that is proved, or a wrapped key. The token names its vendor’s root certificate and, unless the vendor attests the ceremony key itself, a companion key that was made and attested before, so it is not new.',
    remedy: 'Name the token’s attestation, and order the steps so.',
  },
  'PLAN-36': {
    title: 'The policy’s evidence is not reached',
    detail:
      'Each key needs the evidence that the policy asks for its level, from a root certificate that the policy pins for that kind of token. E2 comes from an attest step, E3 from one by the vendor, of the ceremony key alone.',
    remedy:
      'Add the attest steps, pin the root certificate in the policy, or have a policy signed that asks for less.',
  },
  'PLAN-37': {
    title: 'The destination is no server of the policy',
    detail: 'A root goes only to a server that the policy lists; a bundle for another one is refused.',
    remedy:
      'Name the transport file of a server of the policy, or have a policy signed that lists this one: custody policy new --server.',
  },
  'PLAN-38': {
    title: 'A key is of an algorithm that the policy does not list',
    detail:
      'Each key of the plan, and a threshold key that is dealt, is of an algorithm in the policy’s list of keys.',
    remedy: 'Choose an algorithm of the policy, or have a policy signed that lists this one.',
  },
  'PLAN-33': {
    title: 'A key is made never or twice',
    detail: 'Every key of the plan is made by exactly one step, of the kind of its level.',
    remedy: fix,
  },
  'PLAN-40': {
    title: 'The threshold is impossible',
    detail:
      '2 <= t <= n <= 15, n distinct holders of the plan are named, and the mode can keep its floor at t of n; rehearsals alone deal a TFHE_BINARY key.',
    remedy: 'Change t, n, the list of holders, or mode and type of the key.',
  },
  'PLAN-41': {
    title: 'A decryption is impossible',
    detail:
      'It needs an FHE key and approvers, and t to n holders who answer; a canary is answered by all of the next epoch.',
    remedy: 'Change how many answer, or seat approvers.',
  },
  'PLAN-42': {
    title: 'The next epoch is impossible',
    detail:
      '2 <= t <= n <= 15; n distinct holders; t holders of the old epoch re-deal, in the order of their numbers; a refresh keeps the people, a removal takes some away; a key of mode F has no squash key.',
    remedy: 'Change the people, the quorum, the kind or the mode.',
  },
  'PLAN-43': {
    title: 'A holder who stays keeps the old envelope key',
    detail:
      'Who holds a share of the epoch that is left and of the next one sits twice: with the card of now, then with one that renews it, signed by the same keys, with another envelope key.',
    remedy:
      'Let each holder who stays run custody holder renew, and name the new card in the plan too: custody plan new --person.',
  },
  'PLAN-44': {
    title: 'Proven inputs and the key do not go together',
    detail:
      'A new key for proven inputs is of mode S, and the plan says in proofBits how many bits one list may prove, 8 to 1024: the reference string for it is made with the key. No other key has one.',
    remedy:
      'For proven inputs take fheInputs=proven with fheMode=S, fheSquash=true and fheProofBits=64, the last three the defaults; else leave fheProofBits out.',
  },
  'PLAN-45': {
    title: 'The new key opens nothing that is encrypted later',
    detail:
      'A warning, for training may want it: mode F takes fresh 64-bit ciphertexts of the client key alone, so nothing computed, and in production nothing of the public key.',
    remedy:
      'For a key that is to be used take mode S with a squash key: fheMode=S and fheSquash=true, the defaults.',
  },
  'PLAN-46': {
    title: 'The plan file ends too early',
    detail:
      'It was cut off, as a copy that broke off or a full disk leaves it, or its last line was never finished.',
    remedy:
      'Get the whole file again from where it was made and compare its hash there and here: custody plan hash FILE.',
  },
  'PLAN-50': {
    title: 'A step’s id is wrong',
    detail: 'Ids are unique, lower-case words joined by hyphens, and not the word run.',
    remedy: fix,
  },
  'PLAN-51': {
    title: 'The token is not initialised yet',
    detail: 'A step that uses a new token must come after the step that initialises it.',
    remedy: 'Move the step down, or initialise the token first.',
  },
  'PLAN-52': {
    title: 'Nobody has logged in to the token',
    detail: 'The step needs a log-in to its token before it.',
    remedy: 'Put a log-in step before it.',
  },
  'PLAN-53': {
    title: 'The token has not been probed',
    detail: 'No key is made on a token before the attack probe has run on it.',
    remedy: 'Put a probe-token step before it.',
  },
  'PLAN-54': {
    title: 'The ceremony key is not made',
    detail: 'The run is opened with its own ceremony key, made once, on the ceremony token.',
    remedy: 'Put one make-ceremony-key step before it.',
  },
  'PLAN-55': {
    title: 'The run is not opened',
    detail: 'Keys, checkpoints, deals and seals come after the officers have signed the opening, once.',
    remedy: 'Put one open-run step before it.',
  },
  'PLAN-56': {
    title: 'The key is not there yet',
    detail: 'A key can be wrapped, read back or proved only after it and its parents are made.',
    remedy: 'Make the key that is named first.',
  },
  'PLAN-57': {
    title: 'The shares are not dealt',
    detail: 'A holder acknowledges a share after the deal; a deal needs the fhe section and happens once.',
    remedy: 'Put one fhe-deal step before it, and describe the key under fhe.',
  },
  'PLAN-58': {
    title: 'Not every holder has proved the share',
    detail: 'All n holders acknowledge their share before the run is sealed.',
    remedy: 'Put an acknowledge-holder step for every holder before seal.',
  },
  'PLAN-59': {
    title: 'The end is out of order',
    detail:
      'The order is seal, export, receipt (may be left out without destinations), close: each once, nothing else after seal.',
    remedy: 'Order the last steps so.',
  },
  'PLAN-62': {
    title: 'A decryption is out of order',
    detail:
      'Each is requested, approved and answered, and its result taken, once and in this order, while its epoch is live.',
    remedy: 'Order its steps so.',
  },
  'PLAN-63': {
    title: 'The next epoch is out of order',
    detail:
      'Approved by the old holders, re-dealt, assembled, acknowledged by every new holder, tried with the canary, then live: each once.',
    remedy: 'Order its steps so.',
  },
  'PLAN-60': {
    title: 'The step lacks or misuses an entry',
    detail: 'A step names what it works on and nothing that it does not use.',
    remedy: fix,
  },
  'PLAN-61': {
    title: 'A live checkpoint is named wrongly',
    detail: 'Live checkpoints name steps that make a checkpoint.',
    remedy: 'Name a step that makes a key, opens the run, or is a checkpoint.',
  },
  'PLAN-70': {
    title: 'The plan asks for what this version cannot do yet',
    detail:
      'The format of plans has room for it, so that later versions need no new one; no step of this version does it, and no verifier can check it.',
    remedy: 'Leave the entry that is named out, or use a version that can do it.',
  },
  'PLAN-71': {
    title: 'The backup or the spare tokens do not fit',
    detail:
      'A backup or spare tokens are of a new root alone; 2 <= t <= n <= 16; n distinct custodians of the plan; every spare is another token of the plan.',
    remedy: 'Correct the quorum, the custodians or the tokens of the root.',
  },
  'PLAN-72': {
    title: 'A link to an earlier key or policy is wrong',
    detail:
      'A key that comes in another’s place has the next version; no earlier key is replaced or revoked twice; the next policy is another one.',
    remedy:
      'Name the bundle, the id and the version of the earlier key, and give the new key the version after it.',
  },
  'PLAN-73': {
    title: 'The needs of a token are wrong',
    detail:
      'A measured token, and no other, lists what the plan needs of it, in the order initialise, kwp, unwrap-template, gcm, trusted-window.',
    remedy: 'List the needs once each and in this order, or name the vendor’s profile.',
  },
} as const satisfies Record<string, Rule>

export type PlanRule = keyof typeof planRules

/** One reason against a plan. `step` is a step's id, or '' where it belongs to none. */
export type PlanRefusal = { rule: PlanRule; step: string; detail: string; remedy: string }

export function planRefusal(rule: PlanRule, step: string, detail: string): PlanRefusal {
  return { rule, step, detail, remedy: planRules[rule].remedy }
}
