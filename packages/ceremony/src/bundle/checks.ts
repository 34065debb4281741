import type { Outcome } from '../documents/format/outcome.ts'

/** A check by its stable id: what it claims, and the checks without which it cannot run. */
type Definition = { readonly title: string; readonly needs: readonly string[] }

/** Every check of a bundle, in the order in which they are reported. SPEC.md 7 says what each compares. */
export const catalogue = {
  'ZIP-PROFILE': { title: 'The archive is the one form that this content can have', needs: [] },
  MANIFEST: {
    title: 'The manifest is a canonical DSSE envelope of a known statement',
    needs: ['ZIP-PROFILE'],
  },
  'MANIFEST-ENTRIES': { title: 'The manifest lists exactly the files of the archive', needs: ['MANIFEST'] },
  'TRANSCRIPT-DIGEST': {
    title: 'The transcript has the size and digest that the manifest states',
    needs: ['MANIFEST-ENTRIES'],
  },
  'BLOB-DIGEST': {
    title: 'Every blob has the size and digest that the manifest states',
    needs: ['MANIFEST-ENTRIES'],
  },
  'BLOB-REFERENCES': {
    title: 'Every blob is named, and every named blob is there',
    needs: ['MANIFEST-ENTRIES'],
  },
  'FHE-WHOLE-KEY': {
    title: 'No client key, share or share envelope is in the bundle',
    needs: ['MANIFEST-ENTRIES'],
  },
  'TRANSCRIPT-CHAIN': {
    title: 'The transcript is complete lines of one unbroken chain',
    needs: ['MANIFEST-ENTRIES'],
  },
  'TRANSCRIPT-ROOT': {
    title: 'Chain head and Merkle root are those of the manifest',
    needs: ['TRANSCRIPT-CHAIN'],
  },
  'PLAN-HASH': {
    title: 'The plan in the bundle is the plan of the transcript',
    needs: ['TRANSCRIPT-CHAIN'],
  },
  'PLAN-CONTENT': {
    title: 'People, tokens, destinations, keys and FHE key are those of the plan',
    needs: ['PLAN-HASH', 'BLOB-DIGEST'],
  },
  'OPENING-CERTIFICATE': {
    title: 'The opening certificate names this run, its tokens and its ceremony key',
    needs: ['TRANSCRIPT-CHAIN'],
  },
  CHECKPOINTS: {
    title: 'Every checkpoint is signed by the ceremony key, linked, and true of the transcript',
    needs: ['OPENING-CERTIFICATE', 'TRANSCRIPT-ROOT'],
  },
  EXCEPTIONS: {
    title: 'Every exception of the transcript was decided, and its signed decision is here',
    needs: ['TRANSCRIPT-ROOT', 'BLOB-DIGEST'],
  },
  'CEREMONY-SIGNATURE': { title: 'The ceremony key signed the manifest', needs: ['MANIFEST'] },
  CARDS: { title: 'The cards are those of the roster', needs: ['TRANSCRIPT-CHAIN'] },
  TRANSPORTS: { title: 'Every transport key is signed by the receipt key of the audience', needs: ['CARDS'] },
  'WRAP-TREE': { title: 'Every key hangs under its parent, up to a root', needs: ['MANIFEST'] },
  POSSESSION: {
    title: 'Every root has a possession proof; each proof is over its root’s challenge',
    needs: ['WRAP-TREE'],
  },
  REPLICAS: {
    title: 'Every token that the plan names for a root proves the same key',
    needs: ['POSSESSION', 'PLAN-CONTENT', 'OPENING-CERTIFICATE'],
  },
  ATTESTATIONS: {
    title: 'Every attestation of the plan is here, and is of this run, its token and its key',
    needs: ['POSSESSION', 'PLAN-CONTENT', 'CHECKPOINTS', 'BLOB-DIGEST'],
  },
  BACKUPS: {
    title:
      'Every backup of the plan was dealt in this run, and each custodian signed that the share was checked',
    needs: ['POSSESSION', 'CARDS', 'PLAN-CONTENT', 'OPENING-CERTIFICATE', 'BLOB-DIGEST'],
  },
  RECOVERY: {
    title:
      'The run used the backup of the plan. Each custodian who is named stated the right share, and what was restored is proved',
    needs: ['CARDS', 'PLAN-CONTENT', 'OPENING-CERTIFICATE', 'BLOB-DIGEST'],
  },
  DECOMMISSION: {
    title: 'A root that the plan takes out of use is gone from every token of the plan',
    needs: ['WRAP-TREE', 'PLAN-CONTENT', 'OPENING-CERTIFICATE'],
  },
  'FHE-COMMITMENTS': {
    title: 'Key id, epoch id and commitments follow from the public parts',
    needs: ['MANIFEST-ENTRIES', 'BLOB-DIGEST'],
  },
  'FHE-ENVELOPES': { title: 'The ceremony key signed every share envelope', needs: ['OPENING-CERTIFICATE'] },
  'FHE-ACKNOWLEDGEMENTS': {
    title: 'Every holder signed that the share was opened and checked',
    needs: ['CARDS'],
  },
  'FHE-EPOCH': {
    title: 'The next epoch was approved, dealt, proved and declared live as the plan says',
    needs: ['OPENING-CERTIFICATE', 'CARDS', 'PLAN-CONTENT'],
  },
  HEARTBEATS: {
    title: 'Every holder who is named stated over the challenge of the run that the share is held',
    needs: ['CARDS', 'PLAN-CONTENT', 'CHECKPOINTS', 'BLOB-DIGEST'],
  },
  'TRANSCRIPT-CONTENT': {
    title:
      'The transcript is one whole run of the plan. What was made, proved and dealt is what it says, in tokens that were opened and probed',
    needs: ['PLAN-CONTENT', 'OPENING-CERTIFICATE', 'EXCEPTIONS', 'TRANSPORTS', 'WRAP-TREE', 'CARDS'],
  },
  'POLICY-MISSING': { title: 'A policy was given, so that the signers are known', needs: [] },
  'POLICY-QUORUM': {
    title: "The policy makes sense and is signed by its own officers' quorum",
    needs: ['POLICY-MISSING'],
  },
  'POLICY-DIGEST': {
    title: 'The ceremony ran under this policy',
    needs: ['POLICY-MISSING', 'TRANSCRIPT-CHAIN'],
  },
  'POLICY-OLDEST': {
    title: 'Run and cards are of no earlier version than the policy accepts',
    needs: ['POLICY-MISSING', 'CARDS'],
  },
  DOMAIN: { title: 'Bundle, transcript and verifier are of one domain', needs: ['TRANSCRIPT-CHAIN'] },
  'POLICY-EXPIRY': {
    title: 'The policy had not expired when the run opened',
    needs: ['POLICY-MISSING', 'CHECKPOINTS'],
  },
  'POLICY-ROSTER': {
    title:
      'Officers and witnesses in the room are those of the policy, and nobody else there has a key of theirs',
    needs: ['POLICY-QUORUM', 'CARDS'],
  },
  TOOL: {
    title: 'The tool is a build that the policy accepts',
    needs: ['POLICY-QUORUM', 'TRANSCRIPT-CHAIN'],
  },
  MACHINE: {
    title: 'The workstation shows of itself what plan and policy ask for',
    needs: ['POLICY-QUORUM', 'PLAN-CONTENT'],
  },
  'OPENING-QUORUM': {
    title: "The officers' quorum signed the opening certificate",
    needs: ['POLICY-QUORUM', 'OPENING-CERTIFICATE'],
  },
  LOCK: {
    title: "The officers' quorum approved the plan after a rehearsal",
    needs: ['POLICY-QUORUM', 'PLAN-HASH'],
  },
  COSIGNATURES: {
    title: 'The witnesses cosigned every checkpoint that the plan wants live, and the last',
    needs: ['POLICY-QUORUM', 'CHECKPOINTS', 'PLAN-CONTENT'],
  },
  'EXCEPTION-SIGNATURES': {
    title: "The officers' quorum signed every decision, and nobody else",
    needs: ['POLICY-QUORUM', 'EXCEPTIONS'],
  },
  DECRYPTIONS: {
    title: 'Every decryption was requested, vouched for, approved and answered as plan and policy say',
    needs: ['POLICY-QUORUM', 'CARDS', 'PLAN-CONTENT'],
  },
  'NEXT-POLICY': {
    title: 'The next policy is that of the plan, and the officers of both versions signed it',
    needs: ['POLICY-QUORUM', 'PLAN-CONTENT', 'BLOB-DIGEST'],
  },
  'MANIFEST-SIGNATURES': {
    title: "Ceremony key and officers' quorum signed the manifest, and nobody else",
    needs: ['POLICY-QUORUM', 'MANIFEST'],
  },
  'ATTESTATION-CHAINS': {
    title: 'Every attestation leads to a root certificate that the policy pins for that kind of token',
    needs: ['POLICY-QUORUM', 'ATTESTATIONS'],
  },
  EVIDENCE: {
    title: 'Every key was made with the evidence that the policy asks for',
    needs: ['POLICY-QUORUM', 'WRAP-TREE', 'ATTESTATION-CHAINS'],
  },
  'TOKEN-SOFT': {
    title: 'Software tokens only where the policy allows them',
    needs: ['POLICY-QUORUM', 'PLAN-CONTENT'],
  },
  ALGORITHMS: { title: 'Every algorithm is one that the policy lists', needs: ['POLICY-QUORUM', 'MANIFEST'] },
  AUDIENCE: { title: 'The bundle is for a server of the policy, and for this one', needs: ['MANIFEST'] },
  SEQUENCE: { title: 'The sequence number is the next one', needs: ['MANIFEST'] },
  PREVIOUS: { title: 'The bundle follows the last one that the audience receipted', needs: ['MANIFEST'] },
  'ZIP-CRC': { title: 'Every CRC in the archive is that of its content', needs: ['ZIP-PROFILE'] },
} as const satisfies Readonly<Record<string, Definition>>

export type CheckId = keyof typeof catalogue

// Object.keys of a literal gives exactly its own keys, in their order.
export const checkIds = Object.keys(catalogue) as CheckId[]

/** One line of a verdict. `ok` is null where the check was not run, because one that it needs did not pass. */
export type Check = {
  readonly id: CheckId
  readonly title: string
  readonly ok: boolean | null
  readonly detail: string
}

/** Collects what each check found. */
export class Ledger {
  readonly #found = new Map<CheckId, { ok: boolean; detail: string }>()

  passed(id: CheckId): boolean {
    return this.#found.get(id)?.ok === true
  }

  /** Records a check that was made in passing. The first failure of a check stays. */
  record(id: CheckId, result: Outcome<string>): void {
    if (this.#found.get(id)?.ok === false) return
    this.#found.set(id, result.ok ? { ok: true, detail: result.value } : result)
  }

  /** Runs a check when everything it needs has passed. */
  async run(id: CheckId, check: () => Outcome<string> | Promise<Outcome<string>>): Promise<void> {
    if (catalogue[id].needs.every((need) => this.passed(need))) this.record(id, await check())
  }

  checks(): Check[] {
    return checkIds.map((id) => {
      const { title, needs } = catalogue[id]
      const found = this.#found.get(id)
      if (found) return { id, title, ok: found.ok, detail: found.detail }
      const blocking = needs.filter((need) => !this.passed(need))
      return { id, title, ok: null, detail: `not run: needs ${blocking.join(', ')}` }
    })
  }
}
