import type { VerifyView } from '../../contract/index.ts'

/** What a person asks of a bundle, in the order in which it is answered, and the checks that answer it. */
export const checkGroups = {
  whole: [
    'ZIP-PROFILE',
    'ZIP-CRC',
    'MANIFEST',
    'MANIFEST-ENTRIES',
    'TRANSCRIPT-DIGEST',
    'BLOB-DIGEST',
    'BLOB-REFERENCES',
  ],
  record: ['TRANSCRIPT-CHAIN', 'TRANSCRIPT-ROOT', 'CHECKPOINTS', 'COSIGNATURES', 'SEQUENCE', 'PREVIOUS'],
  planned: [
    'PLAN-HASH',
    'PLAN-CONTENT',
    'TRANSCRIPT-CONTENT',
    'LOCK',
    'EXCEPTIONS',
    'EXCEPTION-SIGNATURES',
    'DOMAIN',
    'TOOL',
    'MACHINE',
    'AUDIENCE',
    'TRANSPORTS',
  ],
  people: [
    'POLICY-MISSING',
    'POLICY-QUORUM',
    'POLICY-DIGEST',
    'POLICY-OLDEST',
    'POLICY-EXPIRY',
    'POLICY-ROSTER',
    'NEXT-POLICY',
    'CARDS',
    'OPENING-CERTIFICATE',
    'OPENING-QUORUM',
    'CEREMONY-SIGNATURE',
    'MANIFEST-SIGNATURES',
  ],
  keys: [
    'WRAP-TREE',
    'POSSESSION',
    'REPLICAS',
    'ATTESTATIONS',
    'ATTESTATION-CHAINS',
    'EVIDENCE',
    'TOKEN-SOFT',
    'ALGORITHMS',
    'BACKUPS',
    'RECOVERY',
    'DECOMMISSION',
  ],
  threshold: [
    'FHE-WHOLE-KEY',
    'FHE-COMMITMENTS',
    'FHE-ENVELOPES',
    'FHE-ACKNOWLEDGEMENTS',
    'FHE-EPOCH',
    'HEARTBEATS',
    'DECRYPTIONS',
  ],
} as const

export type CheckGroup = keyof typeof checkGroups
type Check = VerifyView['checks'][number]
export type GroupState = 'passed' | 'failed' | 'open'
export type GroupedChecks = {
  group: CheckGroup
  state: GroupState
  /** Which sentence is its answer. */
  answer: `${CheckGroup}.${GroupState | 'none'}`
  checks: Check[]
}

/** A check of a newer verifier that no group knows stands with the plan's: none is ever left out. */
export function groupsOf({ checks, contents }: Pick<VerifyView, 'checks' | 'contents'>): GroupedChecks[] {
  return groupNames.flatMap((group) => {
    const own = checks.filter(({ name }) => groupOf(name) === group)
    if (own.length === 0) return []
    const state = stateOf(own)
    // Of a key that the bundle does not have nothing is claimed.
    const none =
      group === 'threshold' && state === 'passed' && contents !== null && !hasThresholdKey(contents)
    return [{ group, state, answer: `${group}.${none ? 'none' : state}` as const, checks: own }]
  })
}

const hasThresholdKey = ({ files }: NonNullable<VerifyView['contents']>): boolean =>
  files.some(({ what }) => what === 'public-share-file')

const groupNames = Object.keys(checkGroups).flatMap((name) => (isGroup(name) ? [name] : []))

export const groupOf = (check: string): CheckGroup =>
  groupNames.find((group) => checkGroups[group].some((name) => name === check)) ?? 'planned'

function isGroup(name: string): name is CheckGroup {
  return Object.hasOwn(checkGroups, name)
}

function stateOf(checks: readonly Check[]): GroupState {
  // That no policy was given is no fault of the bundle.
  if (checks.some(({ name, outcome }) => outcome === 'failed' && name !== 'POLICY-MISSING')) return 'failed'
  return checks.every(({ outcome }) => outcome === 'passed') ? 'passed' : 'open'
}
