import type { Policy } from '@lux/ceremony/policy'
import { toHex } from '@lux/crypto'
import {
  acknowledge,
  checkChain,
  checkNewest,
  checkServedFrom,
  forgetKept,
  forgetShareOf,
  type ReceivedFiles,
  readPolicyFile,
  receiveShare,
  trustedPolicy,
} from '@lux/people'
import type { Device, Handover, LogEntry, No } from './api.ts'
import { cardOfShare, no, type Open, policyAt, policyFiles, shareAt, shareId, yes } from './kept.ts'
import { overview, policySummary } from './overview.ts'
import { locked, logged, mayApprove, type Phone } from './phone.ts'
import { shareFiles } from './sort-files.ts'

/** The policies that a holder takes, and the shares that were dealt under them. */
export function shares(phone: Phone) {
  const { now, origin } = phone

  /** Receives a share under one policy. Refuses OPENING-POLICY where the share was dealt under another. */
  async function receiveUnder(policy: Policy, files: Omit<ReceivedFiles, 'policy'>, open: Open) {
    const { records, person } = open
    const kept = await receiveShare(
      { policy, ...files },
      {
        key: person,
        received: records.read('received', 'me'),
        path: 'this phone',
        lost: records.ids('restored').length > 0,
      },
    )
    if (!kept.ok) return kept
    const { envelope, held, share, received, state } = kept.value
    const id = shareId(envelope)
    const { holder, keyId } = envelope.share.header
    try {
      const proof = acknowledge({ key: person, held, envelope }, policy)
      if (!proof.ok) return proof
      // A share that is here already came of this opening, whatever policies were taken since.
      const newest = records.ids('share').includes(id) ? yes(null) : checkNewest(policy, policyFiles(records))
      if (!newest.ok) return newest
      const entry = { at: now(), about: policy.organisation.name, digest: toHex(keyId) }
      await records.write([
        { store: 'share', id, plain: share.slice() },
        { store: 'received', id: 'me', plain: received },
        { store: 'state', id, plain: state },
        logged(records, { ...entry, what: 'received' }),
      ])
      return yes({ id, proof: proofFile(holder, proof.value.acknowledgement) })
    } finally {
      forgetKept(kept.value)
    }
  }

  return {
    async readPolicy({ bytes }) {
      const policy = trustedPolicy(bytes)
      if (!policy.ok) return policy
      const served = checkServedFrom(policy.value, origin)
      return served.ok ? yes(policySummary(policy.value)) : served
    },

    async takePolicy({ bytes }) {
      const open = phone.session()
      if (open === null) return locked
      const policy = trustedPolicy(bytes)
      if (!policy.ok) return policy
      const { organisation, digest, domain } = policySummary(policy.value)
      if (domain !== open.person.card.domain) return no('PHONE-DOMAIN', domain)
      const served = checkServedFrom(policy.value, origin)
      if (!served.ok) return served
      const file = readPolicyFile(bytes)
      if (!file.ok) return file
      const chained = checkChain(file.value, policyFiles(open.records), { signed: true })
      if (!chained.ok) return chained
      const entry: LogEntry = { at: now(), what: 'policy', about: organisation, digest }
      await open.records.write([
        { store: 'policy', id: digest, plain: bytes.slice() },
        logged(open.records, entry),
      ])
      return yes(await overview(phone, open))
    },

    async receive(files) {
      const open = phone.session()
      if (open === null) return locked
      const sorted = shareFiles(files)
      if (!sorted.ok) return sorted
      const { records } = open
      const { envelope, signature, opening, public: pub } = sorted.value
      let refused: No = no('PHONE-POLICY-MISSING')
      for (const policy of records.ids('policy').flatMap((id) => policyAt(records, id) ?? [])) {
        const taken = await receiveUnder(policy, { opening, envelope, signature, pub }, open)
        if (taken.ok) {
          const shown = await overview(phone, open)
          const share = shown.shares.find(({ id }) => id === taken.value.id)
          if (share === undefined) return no('PHONE-STORAGE-CHANGED')
          const proof = (await mayApprove(phone, open, null)) ? taken.value.proof : null
          return yes({ share, proof, overview: shown })
        }
        // The policy that the share was dealt under says what is wrong. Any other says only OPENING-POLICY.
        if (refused.rule === 'PHONE-POLICY-MISSING' || taken.rule !== 'OPENING-POLICY') refused = taken
      }
      return refused
    },

    async prove(id) {
      const open = phone.session()
      if (open === null) return locked
      if (!(await mayApprove(phone, open, cardOfShare(open.records, 'seat', id)))) return no('PHONE-NOT-KEPT')
      const opened = shareAt(open, id)
      if (!opened.ok) return opened
      try {
        const policy = policyAt(open.records, opened.value.held.policyDigest)
        if (policy === null) return no('PHONE-POLICY-MISSING')
        const proof = acknowledge(opened.value, policy)
        if (!proof.ok) return proof
        const { digest, acknowledgement } = proof.value
        const entry: LogEntry = { at: now(), what: 'proved', about: policy.organisation.name, digest }
        await open.records.write([logged(open.records, entry)])
        return yes(proofFile(opened.value.envelope.share.header.holder, acknowledgement))
      } finally {
        forgetShareOf(opened.value)
      }
    },
  } satisfies Partial<Device>
}

export const proofFile = (holder: number, bytes: Uint8Array): Handover => ({
  name: `acknowledgement-holder-${holder}.json`,
  bytes,
})
