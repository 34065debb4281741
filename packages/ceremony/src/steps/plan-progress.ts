import type { LintTerms } from '../plan/lint-terms.ts'
import type { Plan, Step, StepKind } from '../plan/plan.ts'
import type { PlanRefusal, PlanRule } from '../plan/rules.ts'

/** How far decryptions and the next epoch are. */
export type ThresholdProgress = {
  /** Steps done, by decryption. */
  decryptions: Map<string, StepKind[]>
  approved: boolean
  redealt: boolean
  assembled: boolean
  /** Holders of the next epoch who acknowledged. */
  acknowledged: Set<string>
  canary: boolean
  live: boolean
}

/** How far a plan has come when its steps are simulated one by one. */
export type PlanProgress = {
  initialised: Set<string>
  loggedIn: Set<string>
  probed: Set<string>
  ceremonyKey: boolean
  opened: boolean
  keys: Set<string>
  /** Keys whose possession proof is made, and by token's role the roots that were brought into it. */
  proved: Set<string>
  replicas: Set<string>
  /** Keys that were attested; `ceremony` is the ceremony key. */
  attested: Set<string>
  /** Role of the token that holds the root. */
  home: string
  dealt: boolean
  acknowledged: Set<string>
  fhe: ThresholdProgress
  /** Whether holders were asked to state that they hold their shares, and have stated it. */
  heartbeat: 'due' | 'asked' | 'taken'
  /** What was done with an earlier backup, in order. */
  recovered: StepKind[]
  /** Whether the officers have signed the next version of the policy. */
  policySigned: boolean
  /** Whether the keys that the plan revokes were read aloud and confirmed. */
  revoked: boolean
  /** Custodians who have proved their shares of a backup. */
  custodians: Set<string>
  ended: StepKind[]
}

export type Refuse = (rule: PlanRule, detail: string) => void

/** What a plan must say of one kind of step. */
export type StepLint = {
  /** Entries that the step uses besides id, do and actor. */
  readonly uses?: {
    /** It acts on the token that it names, else on the ceremony token. */
    readonly token?: true
    /** A key of the plan; `optional`: the ceremony key where it names none. */
    readonly key?: true | 'optional'
    readonly holder?: true
    readonly custodian?: true
    readonly when?: true
    readonly by?: 'voucher' | 'person'
    readonly decryption?: true
    readonly values?: true
  }
  /** It comes after the opening. */
  readonly opening?: true
  /** A checkpoint is made after it. */
  readonly checkpoint?: true
  /** It may come after the seal. */
  readonly ends?: true
  /** Why the step could not be done here. */
  check?(plan: Plan, step: Step, at: PlanProgress, refuse: Refuse): void
  /** What is so once it is done. */
  change?(plan: Plan, step: Step, at: PlanProgress): void
}

/** What a plan must say by itself, whatever its steps. */
export type SectionLint = (plan: Plan, terms?: LintTerms) => PlanRefusal[]

/** What `by` of a step can say, by what its kind uses it for: who vouches, or where a person enters PINs. */
export const stepWays = {
  voucher: ['companion', 'vendor'],
  person: ['pin', 'pin-pad'],
} as const satisfies Record<'voucher' | 'person', readonly NonNullable<Step['by']>[]>

/** What must be so when the last step is done. */
export type EndLint = (plan: Plan, at: PlanProgress, refuse: Refuse) => void

/** Before the first step. */
export function startOf(plan: Plan): PlanProgress {
  return {
    initialised: new Set(plan.tokens.filter((token) => token.serial !== 'new').map((token) => token.role)),
    loggedIn: new Set(),
    probed: new Set(),
    ceremonyKey: false,
    opened: false,
    keys: new Set(plan.keys.filter((key) => key.existing !== undefined).map((key) => key.id)),
    proved: new Set(),
    replicas: new Set(),
    attested: new Set(),
    home: 'ceremony',
    dealt: plan.fhe?.existing !== undefined,
    acknowledged: new Set(plan.fhe?.existing === undefined ? [] : plan.fhe.holders),
    fhe: {
      decryptions: new Map((plan.decryptions ?? []).map(({ id }) => [id, []])),
      approved: false,
      redealt: false,
      assembled: false,
      acknowledged: new Set(),
      canary: false,
      live: false,
    },
    heartbeat: 'due',
    recovered: [],
    policySigned: false,
    revoked: false,
    custodians: new Set(),
    ended: [],
  }
}
