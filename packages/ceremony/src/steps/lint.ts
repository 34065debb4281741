import type { StepKind } from '../plan/plan.ts'
import * as attestation from './attestation/lint.ts'
import * as backup from './backup/lint.ts'
import * as dealing from './dealing/lint.ts'
import * as decommission from './decommission/lint.ts'
import * as decryption from './decryption/lint.ts'
import * as heartbeat from './heartbeat/lint.ts'
import * as key from './key/lint.ts'
import * as officers from './officers/lint.ts'
import * as opening from './opening/lint.ts'
import type { EndLint, SectionLint, StepLint } from './plan-progress.ts'
import * as recovery from './recovery/lint.ts'
import * as replication from './replication/lint.ts'
import * as resharing from './resharing/lint.ts'
import * as revocation from './revocation/lint.ts'
import * as sealing from './sealing/lint.ts'
import * as token from './token/lint.ts'
import * as workstation from './workstation/lint.ts'

export { lintBackups } from './backup/lint.ts'
export { checkToken, lintNeeds } from './token/lint.ts'

/** What a plan must say of every kind of step, each by the family that knows it. */
export const stepLints = {
  ...workstation.lints,
  ...token.lints,
  ...opening.lints,
  ...key.lints,
  ...replication.lints,
  ...attestation.lints,
  ...dealing.lints,
  'acknowledge-holder': {
    ...dealing.lints['acknowledge-holder'],
    check(plan, step, at, refuse) {
      dealing.lints['acknowledge-holder'].check(plan, step, at, refuse)
      resharing.nextAcknowledgements.check(plan, step, at, refuse)
    },
    change(plan, step, at) {
      dealing.lints['acknowledge-holder'].change(plan, step, at)
      resharing.nextAcknowledgements.change(plan, step, at)
    },
  },
  ...resharing.lints,
  ...decryption.lints,
  ...heartbeat.lints,
  ...backup.lints,
  ...recovery.lints,
  ...officers.lints,
  ...revocation.lints,
  ...decommission.lints,
  ...sealing.lints,
} satisfies Record<StepKind, StepLint>

/** Sections of the plan, in the order of their refusals. */
export const sectionLints: readonly SectionLint[] = [
  token.lintTokens,
  key.lintKeys,
  decryption.lintDecryptions,
  resharing.lintReshare,
  dealing.lintFhe,
  heartbeat.lintHeartbeat,
  recovery.lintRecovery,
]

/** After the steps, and after whom and what the policy names. */
export const evidenceLint: SectionLint = attestation.lintEvidence

/** What no step of the plan has brought about, in the order of their refusals. */
export const endLints: readonly EndLint[] = [
  key.unmade,
  key.unspared,
  decryption.untaken,
  resharing.notLive,
  dealing.undealt,
  heartbeat.notTaken,
  backup.unproved,
  recovery.unchecked,
  officers.unsigned,
  revocation.unrevoked,
  decommission.incomplete,
  sealing.notEnded,
]
