import type { DraftSummary, DraftView } from '../scripts.ts'
import {
  type KnownPerson,
  type PlannedPart,
  personRoles,
  type SetupSummary,
  type SetupView,
  setupDomains,
} from '../setups.ts'
import { evidenceLevels } from '../tokens.ts'
import {
  countOf,
  group,
  listOf,
  named,
  oneGroupOf,
  oneOf,
  optional,
  orNull,
  textOf,
  type ValueOf,
  yesNo,
} from './fields.ts'
import {
  digest,
  id,
  moment,
  name,
  ofDisk,
  ofKeyFile,
  passphrase,
  path,
  payload,
  reading,
  text,
} from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

const role = oneOf(personRoles)
const what = oneOf(['policy', 'plan'])
const people = orNull(countOf(32))

/** What a person changes by itself; what is not named stays. A count of null is the proposed one. */
const setupChange = group({
  title: optional(name),
  organisation: optional(group({ id: textOf(64), name: textOf(200) })),
  expiry: optional(moment),
  officerQuorum: optional(people),
  witnessQuorum: optional(people),
  approverThreshold: optional(people),
  softTokens: optional(yesNo),
  leastEvidence: optional(oneOf(evidenceLevels)),
  otherTools: optional(listOf(textOf(64), 16)),
  script: optional(orNull(name)),
  values: optional(named(textOf(64), text)),
})
export type SetupChange = ValueOf<typeof setupChange>

export const setups = {
  'setups.list': entry({ gives: gives<{ setups: SetupSummary[] }>() }),
  'setups.begin': entry({
    input: { title: name, domain: optional(oneOf(setupDomains)) },
    gives: gives<{ id: string }>(),
    errors: [...ofDisk],
  }),
  'setups.view': entry({
    input: { id },
    gives: gives<SetupView>(),
    limit: null,
    errors: ['SETUP-UNKNOWN'],
  }),
  'setups.change': entry({
    input: { id, change: setupChange },
    gives: gives<SetupView>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-SIGNED'],
  }),
  /** A card, a server's card or transport file, a policy, or an officer's answer; `role`: the only kind of card that is meant. */
  'setups.take': entry({
    input: { id, path, role: optional(role) },
    gives: gives<SetupView>(),
    errors: [
      'SETUP-UNKNOWN',
      'SETUP-SIGNED',
      'SETUP-EARLY',
      'FILE-WRONG-KIND',
      'CARD-DOMAIN',
      'CARD-KIND',
      'CARD-RENEWAL',
      'CARD-TWICE',
      ...reading,
    ],
  }),
  /** The same, scanned or dropped onto the window; `payload` is Base64. */
  'setups.takeCarried': entry({
    input: { id, payload, role: optional(role) },
    gives: gives<SetupView>(),
    errors: [
      'SETUP-UNKNOWN',
      'SETUP-SIGNED',
      'SETUP-EARLY',
      'FILE-TOO-LARGE',
      'FILE-WRONG-KIND',
      'CARD-DOMAIN',
      'CARD-KIND',
      'CARD-RENEWAL',
      'CARD-TWICE',
    ],
  }),
  /** Cards of other ceremonies here, for people who come again. */
  'setups.known': entry({
    input: { id },
    gives: gives<{ people: KnownPerson[] }>(),
    errors: ['SETUP-UNKNOWN'],
  }),
  /** Takes one of them. */
  'setups.seat': entry({
    input: { id, card: digest },
    gives: gives<SetupView>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-SIGNED', 'FILE-WRONG-KIND', 'CARD-RENEWAL', 'CARD-TWICE'],
  }),
  /** A new key, sealed under the passphrase and written to `path`; its card is taken. */
  'setups.enrol': entry({
    input: { id, role, name, passphrase, path },
    gives: gives<SetupView>(),
    limit: null,
    errors: [
      'SETUP-UNKNOWN',
      'SETUP-SIGNED',
      'SHELL-PATHS',
      'FILE-EXISTS',
      'FOLDER-IN-USE',
      'PASSWORD-WEAK',
      'CARD-TWICE',
      ...ofDisk,
    ],
  }),
  /** Takes a card or a server's card out; digest. */
  'setups.remove': entry({
    input: { id, card: digest },
    gives: gives<SetupView>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-SIGNED'],
  }),
  /** Takes the signatures of the policy, or the approvals of the plan, back, so that what they cover can be changed. */
  'setups.reopen': entry({
    input: { id, what },
    gives: gives<SetupView>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-SIGNED'],
  }),
  /** The officer of this name signs the policy, or approves the plan, with a key file in this window; `shown`: its digest, as the window showed it. */
  'setups.sign': entry({
    input: { id, what, name, key: path, passphrase, shown: digest },
    gives: gives<SetupView>(),
    limit: null,
    errors: ['SETUP-UNKNOWN', 'SIGN-OTHER', 'SETUP-EARLY', ...reading, ...ofKeyFile],
  }),
  /** What an officer signs on a device of their own, written into a folder. */
  'setups.request': entry({
    input: { id, what, folder: path },
    gives: gives<{ paths: string[] }>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-EARLY', 'SHELL-PATHS', 'FILE-EXISTS', 'FOLDER-IN-USE', ...ofDisk],
  }),
  /** The same request for a phone, to be shown as codes; Base64. */
  'setups.carry': entry({
    input: { id, what },
    gives: gives<{ payload: string }>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-EARLY', 'TRANSFER-TOO-LARGE'],
  }),
  /** Rehearses the plan, everybody played by the machine (`alone`) or by the people at the window. */
  'setups.rehearse': entry({
    input: { id, alone: yesNo },
    gives: gives<SetupView>(),
    limit: null,
    errors: ['SETUP-UNKNOWN', 'SETUP-EARLY', ...ofDisk],
  }),
  /** The plan as `custody plan print` gives it. */
  'setups.print': entry({
    input: { id },
    gives: gives<{ text: string; parts: PlannedPart[] }>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-EARLY'],
  }),
  /** policy.json, plan.yaml, plan.lock.json and cards/ in a folder, as everybody who verifies or imports needs them. */
  'setups.export': entry({
    input: { id, folder: path },
    gives: gives<{ paths: string[] }>(),
    errors: ['SETUP-UNKNOWN', 'SETUP-EARLY', 'SHELL-PATHS', 'FILE-EXISTS', 'FOLDER-IN-USE', ...ofDisk],
  }),
  /** Locks the approved plan and begins the production run. `epoch`: public.bin of the epoch that the plan names, if it names one. */
  'setups.lock': entry({
    input: { id, epoch: optional(path) },
    gives: gives<{ run: string }>(),
    limit: null,
    errors: ['SETUP-UNKNOWN', 'SETUP-EARLY', 'SHELL-PATHS', ...ofDisk],
  }),
  'setups.discard': entry({
    input: { id },
    gives: gives<Record<string, never>>(),
    errors: ['SETUP-UNKNOWN'],
  }),
} as const

const slug = textOf(64)
/** Parts, and places in them, are counted from 0. */
const place = countOf(1000)

/** One change, or one taken back or made again. */
const draftEdit = oneGroupOf(
  group({ do: oneOf(['undo']) }),
  group({ do: oneOf(['redo']) }),
  group({ do: oneOf(['title']), title: name }),
  group({ do: oneOf(['add-part']), kind: slug }),
  group({ do: oneOf(['add-step']), part: place, at: place, step: slug }),
  group({ do: oneOf(['remove-step']), id: slug }),
  group({ do: oneOf(['move-step']), id: slug, by: oneOf([-1, 1]) }),
  group({ do: oneOf(['change-step']), id: slug, entry: slug, value: text }),
  group({ do: oneOf(['cosign']), id: slug, on: yesNo }),
  group({ do: oneOf(['add-key']) }),
  group({ do: oneOf(['change-key']), id: slug, entry: slug, value: text }),
  group({ do: oneOf(['remove-key']), id: slug }),
)
export type DraftEdit = ValueOf<typeof draftEdit>

export const scripts = {
  'scripts.drafts': entry({ gives: gives<{ drafts: DraftSummary[] }>() }),
  /** `from`: a script that is shipped or of this store; null: an empty one. */
  'scripts.begin': entry({
    input: { title: name, from: orNull(name) },
    gives: gives<{ id: string }>(),
    errors: ['SCRIPT-UNKNOWN', ...ofDisk],
  }),
  'scripts.draft': entry({ input: { id }, gives: gives<DraftView>(), errors: ['DRAFT-UNKNOWN'] }),
  'scripts.edit': entry({
    input: { id, edit: draftEdit },
    gives: gives<DraftView>(),
    errors: ['DRAFT-UNKNOWN'],
  }),
  /** Keeps the script as it stands under its hash; ceremonies can choose it from now on. */
  'scripts.freeze': entry({ input: { id }, gives: gives<DraftView>(), errors: ['DRAFT-UNKNOWN'] }),
  'scripts.save': entry({
    input: { id, path },
    gives: gives<{ path: string }>(),
    errors: ['DRAFT-UNKNOWN', 'SHELL-PATHS', 'FOLDER-IN-USE', ...ofDisk],
  }),
  /** What was frozen stays. */
  'scripts.discard': entry({
    input: { id },
    gives: gives<Record<string, never>>(),
    errors: ['DRAFT-UNKNOWN'],
  }),
} as const
