import { randomUUID } from 'node:crypto'
import { canonicalString } from '@lux/crypto'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import { changes, entry, reads } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import type { ThresholdWanted } from '../../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { type CeremonyAlgorithm, ceremonyAlgorithms } from '../algorithms.ts'
import { envelopeKeyId } from '../envelope.ts'
import { id, type KeyParts, type KeyWork, makingPermissions } from '../key-work.ts'
import type { LifecycleRepository } from '../lifecycle-repository.ts'
import { checkNamed } from '../named.ts'
import { named, threshold, usage } from './making.ts'

/** What officers take to a ceremony: the `fhe` part of its plan, and who is to combine. */
export type PlanRequest = {
  readonly v: 1
  readonly kind: 'plan-request'
  readonly domain: string
  readonly audience: string
  readonly organisation: string
  readonly project: string
  readonly name: string
  readonly combinerRecipient: string
  readonly fhe: ThresholdWanted & {
    readonly id: string
    readonly type: CeremonyAlgorithm
    readonly squash: boolean
    readonly inputs: 'signed'
  }
}

export type CeremonyParts = KeyParts & {
  readonly lifecycle: LifecycleRepository
  readonly domain: string
  readonly audience: string
  readonly combinerRecipient: string
}

/** Records of threshold keys; a ceremony whose plan has its id fulfils one. */
export function ceremonyEntries(parts: CeremonyParts, { inProject, onKey }: KeyWork) {
  return {
    requestCeremony: entry({
      ...changes,
      name: 'key.request-ceremony',
      input: {
        project: id,
        ...named,
        algorithm: Type.Enum([...ceremonyAlgorithms]),
        usage: Type.Optional(usage),
        threshold: Type.Optional(threshold),
      },
      find: inProject('key.create').find,
      permissions: makingPermissions,
      shown: null,
      fits({ input: { algorithm, usage: wanted, threshold: shares, ...its } }) {
        const fits = checkNamed(its)
        if (!fits.ok) return fits
        if ((wanted ?? 'fhe-computation') !== 'fhe-computation')
          return refuse('KEY-USAGE', `a key of algorithm ${algorithm} is for fhe-computation`)
        if (shares === undefined)
          return refuse('REQUEST-FIELDS', 'threshold: expected t, n and mode of a threshold key')
        const { t, n } = shares
        return Number.isInteger(t) && Number.isInteger(n) && t >= 2 && t <= n && n <= MAX_HOLDERS
          ? accept(shares)
          : refuse('REQUEST-FIELDS', `threshold: expected t of 2 to n, and n of at most ${MAX_HOLDERS}`)
      },
      async run({ call, subject, found, input, fitting: { t, n, mode } }) {
        const made = randomUUID()
        const key = await parts.lifecycle.insertWaiting({
          id: made,
          envelope_id: Buffer.from(envelopeKeyId(made)),
          organisation_id: found.organisation,
          project_id: found.project,
          name: input.name,
          description: input.description ?? null,
          key_usage: 'fhe-computation',
          algorithm: input.algorithm,
          current_version: 0,
          created_by: call.caller.identity,
          threshold: canonicalString({ t, n, mode }),
        })
        if (key === 'name-taken') return refuse('KEY-NAME-TAKEN', `${input.name} is the name of another key`)
        subject.key = made
        return accept(key)
      },
    }),

    /** The file for the ceremony's plan. */
    planRequest: entry({
      ...reads,
      ...onKey('key.read'),
      name: 'key.plan-request',
      input: { id },
      async run({ found: key }): Promise<Outcome<PlanRequest>> {
        const { threshold: shares } = key
        if (shares === null) return refuse('KEY-USAGE', `a key of ${key.algorithm} needs no ceremony`)
        // `requestCeremony` stores no other.
        const type = key.algorithm as CeremonyAlgorithm
        return accept({
          v: 1,
          kind: 'plan-request',
          domain: parts.domain,
          audience: parts.audience,
          organisation: key.organisation_id,
          project: key.project_id,
          name: key.name,
          combinerRecipient: parts.combinerRecipient,
          fhe: {
            id: key.id,
            type,
            ...shares,
            inputs: 'signed',
            squash: type === 'TFHE_INTEGER' && shares.mode === 'S',
          },
        })
      },
    }),
  }
}
