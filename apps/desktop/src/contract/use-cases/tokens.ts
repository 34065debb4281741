import type {
  ExaminationView,
  LibraryState,
  LibraryView,
  ObjectView,
  ProbeView,
  SlotView,
  TokenView,
  TrialView,
} from '../tokens.ts'
import { group, listOf, oneOf, optional, orNull, textOf, yesNo } from './fields.ts'
import { name, path, pin, serial, tokenUser } from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

const typedLabel = textOf(255)
/** Whoever seconds an act that destroys something. */
const secondOfficer = group({ name, serialEnd: name })

export const tokens = {
  'library.state': entry({ gives: gives<LibraryState>() }),
  /** Loads it, and remembers it once it answers. `path` is of `found`, the remembered one, or was chosen in a dialog. */
  'library.choose': entry({
    input: { path, variables: listOf(textOf(4096), 64), initString: textOf(4096) },
    gives: gives<{ library: LibraryView }>(),
    errors: ['LIBRARY-IN-USE', 'LIBRARY-NAMED', 'LIBRARY-VARIABLE'],
  }),
  /** Back to the soft tokens of this store. */
  'library.own': entry({
    gives: gives<{ library: LibraryView }>(),
    errors: ['LIBRARY-IN-USE', 'LIBRARY-NAMED'],
  }),
  'tokens.list': entry({ gives: gives<{ library: LibraryView | null; slots: SlotView[] }>() }),
  /**
   * `slot` is the one that was chosen, of a token that was never initialised and so has no serial (empty); null where the serial names
   * the token. HSM-SLOT-NOT-BLANK when the slot's token is another one by now. `typedLabel` must equal the label that the token has now (empty for a new one): checked again by core.
   * So is `second` for a token that is in use: the officer who reads the end of its serial from the token. `pins`: null
   * has both chosen at the token's own pad.
   */
  'tokens.initialise': entry({
    input: {
      slot: orNull(textOf(20, 1, /^\d+$/)),
      serial,
      typedLabel: textOf(32),
      label: textOf(32, 1),
      pins: orNull(group({ so: pin, user: pin })),
      second: optional(secondOfficer),
      acceptFinalTry: optional(yesNo),
    },
    gives: gives<{ token: TokenView }>(),
    limit: null,
    errors: ['TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH', 'TOKEN-SECOND-OFFICER', 'TOKEN-KEY-IN-USE'],
  }),
  'tokens.inventory': entry({
    input: { serial },
    gives: gives<{ objects: ObjectView[]; private: boolean }>(),
    errors: ['TOKEN-UNKNOWN'],
  }),
  'tokens.probe': entry({
    input: { serial },
    gives: gives<{ probe: ProbeView }>(),
    limit: null,
    errors: ['TOKEN-UNKNOWN', 'WORK-CANCELLED'],
  }),
  /** Session keys alone, destroyed after each trial. Progress and Cancel go by the serial. */
  'tokens.tryOut': entry({
    input: { serial },
    gives: gives<{ trial: TrialView }>(),
    limit: null,
    errors: ['TOKEN-UNKNOWN', 'WORK-CANCELLED'],
  }),
  /**
   * What the token can be. It reads, and keys are made on it only where `typedLabel` declares that nothing on it is needed: the label that
   * it has now, and the user is logged in. They are destroyed again.
   */
  'tokens.examine': entry({
    input: { serial, typedLabel: orNull(typedLabel) },
    gives: gives<{ examination: ExaminationView }>(),
    limit: null,
    errors: ['TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH'],
  }),
  /** One try; a null PIN is entered at the token's own pad. Where one more wrong PIN locks the token, only with `acceptFinalTry`. */
  'tokens.logIn': entry({
    input: { serial, user: tokenUser, pin: orNull(pin), acceptFinalTry: optional(yesNo) },
    gives: gives<{ token: TokenView }>(),
    limit: null,
    errors: ['TOKEN-UNKNOWN'],
  }),
  /** Of the token that the program made for training; null of every other one. */
  'tokens.trainingPins': entry({
    input: { serial },
    gives: gives<{ pins: { so: string; user: string } | null }>(),
    callers: ['training window'],
  }),
  'tokens.logOut': entry({
    input: { serial },
    gives: gives<{ token: TokenView }>(),
    errors: ['TOKEN-UNKNOWN'],
  }),
  /**
   * By whoever is logged in, of their own PIN, and where nobody is of the user's, because an expired one lets nobody log in; nothing is
   * sent where one more wrong PIN locks the token. `pins`: null has both entered at the token's own pad.
   */
  'tokens.changePin': entry({
    input: { serial, user: tokenUser, pins: orNull(group({ old: pin, new: pin })) },
    gives: gives<{ token: TokenView }>(),
    errors: ['TOKEN-UNKNOWN'],
  }),
  /**
   * The security officer, logged in, gives the user a new PIN, locked or not. `typedLabel`: of the token; `newPin`: null
   * has it chosen at the token's own pad.
   */
  'tokens.resetUserPin': entry({
    input: { serial, typedLabel, newPin: orNull(pin) },
    gives: gives<{ token: TokenView }>(),
    errors: ['TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH'],
  }),
  /**
   * The one object of this class and id, and looks again; of two none. `typedLabel` must equal the object's label, or its id where it has
   * none; `second` as for erasing. Refuses what a ceremony that is not over has made.
   */
  'tokens.destroyObject': entry({
    input: {
      serial,
      id: textOf(128, 2, /^([0-9a-f]{2})+$/),
      class: oneOf(['secret-key', 'private-key', 'public-key']),
      typedLabel,
      second: secondOfficer,
    },
    gives: gives<{ destroyed: number }>(),
    errors: ['TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH', 'TOKEN-SECOND-OFFICER', 'TOKEN-KEY-IN-USE'],
  }),
} as const
