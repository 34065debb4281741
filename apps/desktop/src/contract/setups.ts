import type { ShownAct } from '@lux/ceremony/act'
import type { Actor, Field, Signer, StepName } from './ceremonies.ts'
import type { EvidenceLevel } from './tokens.ts'

/** What a person can be of, as cards say it, in the order in which a screen names them. */
export const personRoles = [
  'administrator',
  'operator',
  'so',
  'officer',
  'witness',
  'holder',
  'custodian',
  'approver',
  'requester',
  'evaluator',
  'encryptor',
  'recorder',
] as const
export type PersonRole = (typeof personRoles)[number]

/** The steps to a locked plan, in their order. */
export const setupStages = ['people', 'policy', 'script', 'rehearse', 'approve', 'lock'] as const
export type SetupStage = (typeof setupStages)[number]

export const setupDomains = ['production', 'rehearsal'] as const
export type SetupDomain = (typeof setupDomains)[number]

export type SetupSummary = {
  id: string
  domain: SetupDomain
  title: string
  changed: string
  next: SetupStage
  /** At a stage that waits for officers: how many have signed, of how many. */
  signed: { given: number; required: number } | null
  run: string | null
}

/** `phone`: the card was made by the phone app. */
export type SetupPerson = {
  card: string
  role: PersonRole
  name: string
  note: string | null
  phone: boolean
  words: string[]
}

/** `title`: the ceremony that this workstation knows the card from. */
export type KnownPerson = SetupPerson & { title: string }

export type SetupServer = { audience: string; name: string; words: string[]; transport: boolean }

/** Why something of the set-up cannot stand as it is; `step` of a plan, empty elsewhere. */
export type SetupFault = { code: string; step: string; detail: string }

export type SetupView = {
  id: string
  /** `rehearsal`: it ends in a rehearsal in which everybody acts for themselves. */
  domain: SetupDomain
  title: string
  organisation: { id: string; name: string }
  /** The first stage that is not done. */
  next: SetupStage
  people: SetupPerson[]
  servers: SetupServer[]
  policy: {
    /** It was brought, signed by its officers, and nothing in it can be changed here. */
    adopted: boolean
    expiry: string
    officerQuorum: number
    witnessQuorum: number
    approverThreshold: number
    softTokens: boolean
    leastEvidence: EvidenceLevel
    otherTools: string[]
    /** What it says, as `custody policy show` does. */
    lines: string[]
    /** What its officers sign; null while it is at fault. */
    shown: ShownAct | null
    digest: string
    words: string[]
    signers: Signer[]
    faults: SetupFault[]
    /** What keeps nobody from signing it, and is to be known first. */
    warnings: SetupFault[]
  }
  script: {
    id: string | null
    fields: Field[]
    values: Record<string, string>
    rolesMissing: PersonRole[]
    faults: SetupFault[]
    warnings: SetupFault[]
    hash: string | null
    words: string[]
  }
  /** `failure`: why the machine could not go on playing everybody. */
  rehearsal: { id: string; sealed: boolean; playing: boolean; failure: SetupFault | null } | null
  approval: {
    /** What officers are asked to approve, from the very bytes; null before there is a rehearsal. */
    shown: ShownAct | null
    /** Of those bytes: whoever signs here says that this is what was shown. */
    digest: string
    signers: Signer[]
    required: number
  }
  /** The run that was begun with it. */
  run: string | null
}

/** What the paper of a policy says. `people`: whom it lists. */
export type PolicyOnPaper = Pick<SetupView, 'title' | 'organisation'> & {
  people: Pick<SetupPerson, 'name' | 'role'>[]
  policy: Pick<
    SetupView['policy'],
    | 'officerQuorum'
    | 'witnessQuorum'
    | 'approverThreshold'
    | 'expiry'
    | 'softTokens'
    | 'leastEvidence'
    | 'words'
    | 'digest'
    | 'lines'
    | 'signers'
  >
}

/** What the paper of a script says. `people`: whom its plan seats. */
export type PlanOnPaper = Pick<SetupView, 'title' | 'organisation'> & {
  people: Pick<SetupPerson, 'name' | 'role'>[]
  script: Pick<SetupView['script'], 'hash' | 'words'>
}

/** A step of a plan as it is printed: what people do, and what they write down. */
export type PlannedStep = StepName & {
  text: string
  textKey: string
  actor: Actor
  /** Labels of what is written into it. */
  values: string[]
  /** Whether witnesses cosign before the run goes on. */
  cosigned: boolean
}
export type PlannedPart = { kind: string; title: string; steps: PlannedStep[] }
