import { type Predicate, payloadType, statementCodec } from '@lux/ceremony/bundle'
import { policyDocument } from '@lux/ceremony/policy'
import { checkpointCodec } from '@lux/ceremony/transcript'
import {
  decryptionApprovalCodec,
  exceptionCodec,
  openingCodec,
  planApprovalCodec,
  type SignatureRequest,
} from '@lux/ceremony/wire'
import { type Domain, fromBase64, identityId, sha256Hex, utf8 } from '@lux/crypto'
import { checked, need, no, type Outcome } from '../outcome.ts'
import { escapeForTerminal } from '../safe-text.ts'
import { describePolicy } from './describe-policy.ts'

/** What a request asks to sign, told from the very bytes that are signed. `digest` is the one that people read aloud. */
export type Explained = {
  subject: Uint8Array
  /** null where the document itself names none. */
  domain: Domain | null
  digest: string
  lines: string[]
}

type Explanation = Omit<Explained, 'subject'>

/** Refuses REQUEST-SUBJECT and the parsers’ rules, when the bytes are not what the request says. */
export function explainRequest(request: SignatureRequest): Outcome<Explained> {
  return checked(() => {
    const subject = fromBase64(request.subject)
    return { subject, ...explainers[request.what](subject) }
  }, 'request')
}

const explainers: Record<SignatureRequest['what'], (subject: Uint8Array) => Explanation> = {
  'plan-approval': (subject) => {
    const approval = parsed(planApprovalCodec.payload.parse(subject))
    return {
      domain: approval.domain,
      digest: approval.planHash,
      lines: [
        'Approve a plan for production',
        `plan       ${approval.planHash}`,
        `rehearsed  ${approval.rehearsalDigest}`,
        `change     ${approval.diffDigest ?? 'none since the rehearsal'}`,
      ],
    }
  },
  policy: (subject) => {
    const policy = parsed(policyDocument.payload.parse(subject))
    return {
      domain: policy.domain,
      digest: sha256Hex(subject),
      lines: ['Sign a policy', ...describePolicy(policy)],
    }
  },
  opening: (subject) => {
    const opening = parsed(openingCodec.payload.parse(subject))
    return {
      domain: opening.domain,
      digest: sha256Hex(subject),
      lines: [
        'Open a ceremony: from now on its ceremony key is believed',
        `ceremony   ${opening.ceremonyId}`,
        `plan       ${opening.planHash}`,
        `policy     ${opening.policyDigest}`,
        `tokens     ${opening.tokenSerials.join(', ')}`,
        `key        ${identityId(opening.ceremonyKeys)} (${Object.keys(opening.ceremonyKeys).join(' + ')})`,
      ],
    }
  },
  checkpoint: (subject) => {
    const checkpoint = parsed(checkpointCodec.payload.parse(subject))
    return {
      domain: null,
      digest: sha256Hex(subject),
      lines: [
        `Cosign the transcript of ${checkpoint.size} entries`,
        `ceremony   ${checkpoint.ceremonyId}`,
        `plan       ${checkpoint.planHash}`,
        `head       ${checkpoint.node}`,
        `made at    ${checkpoint.time}`,
      ],
    }
  },
  exception: (subject) => {
    const decision = parsed(exceptionCodec.payload.parse(subject))
    return {
      domain: decision.domain,
      digest: sha256Hex(subject),
      lines: [
        `Sign the decision about exception ${decision.exception}: ${decision.decided}`,
        `ceremony   ${decision.ceremonyId}`,
        `plan       ${decision.planHash}`,
        `step       ${decision.stepId}, attempt ${decision.attempt}, ${decision.about}`,
        `expected   ${escapeForTerminal(decision.expected)}`,
        `happened   ${escapeForTerminal(decision.happened)}`,
        `proposed   by ${decision.by}: ${decision.reason || 'no reason given'}`,
        `after      ${decision.head.size} entries, head ${decision.head.node}`,
      ],
    }
  },
  'decryption-approval': (subject) => {
    const request = parsed(decryptionApprovalCodec.payload.parse(subject))
    return {
      domain: request.domain,
      digest: sha256Hex(subject),
      lines: [
        'Approve a threshold decryption',
        `what       ${request.what} (claimed by the requester)`,
        `purpose    ${request.purpose || 'none given'} (claimed by the requester)`,
        `requester  ${request.requester}`,
        `key        ${request.keyId}, epoch ${request.epochId}`,
        ...request.ciphertexts.map(({ digest, type }) => `ciphertext ${type} ${digest}`),
        `answers to ${request.combiner.slice(0, 40)}…`,
        `until      ${request.expiry}, ${request.budget} blocks of each holder who answers`,
      ],
    }
  },
  bundle: (subject) => {
    const payload = unwrapped(subject)
    const { predicate, subject: files } = parsed(statementCodec.parse(payload))
    return {
      domain: predicate.domain,
      digest: sha256Hex(payload),
      lines: [
        'Sign a bundle',
        `ceremony   ${predicate.ceremonyId}`,
        `plan       ${predicate.planHash}`,
        `policy     ${predicate.policyDigest}`,
        `transcript ${predicate.transcript.size} entries, head ${predicate.transcript.node}`,
        ...predicate.wrapTree.map(
          ({ level, id, name, algorithm }) => `key        ${level} ${id}, ${name}, ${algorithm}`,
        ),
        ...(predicate.fhe === null
          ? []
          : [`FHE key    ${predicate.fhe.id}: any ${predicate.fhe.t} of ${predicate.fhe.n} decrypt`]),
        `for        ${predicate.audience ?? 'no server'}, number ${predicate.sequence}`,
        `after      ${followed(predicate)}`,
        ...(predicate.alsoFor ?? []).flatMap((one) => [
          `and for    ${one.audience}, number ${one.sequence}`,
          `after      ${followed(one)}`,
        ]),
        `files      ${files.length}`,
      ],
    }
  },
}

function followed({ previous, supersedes }: Pick<Predicate, 'previous' | 'supersedes'>): string {
  return `${previous ?? 'none'}${supersedes.length > 0 ? `, replaces ${supersedes.join(', ')}` : ''}`
}

/** The payload inside a DSSE pre-authentication encoding, which is what is signed of a bundle. */
function unwrapped(subject: Uint8Array): Uint8Array {
  const prefix = `DSSEv1 ${utf8(payloadType).length} ${payloadType} `
  const start = utf8(prefix).length
  const digits = /^[1-9]\d{0,8} /.exec(asAscii(subject.subarray(start, start + 12)))?.[0] ?? ''
  const payload = subject.subarray(start + digits.length)
  if (asAscii(subject.subarray(0, start)) !== prefix || digits !== `${payload.length} `)
    no('REQUEST-SUBJECT', 'the bytes are no bundle’s', 'request')
  return payload
}

function asAscii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

function parsed<T>(outcome: { ok: true; value: T } | { ok: false; rule: string; detail: string }): T {
  return need(outcome, 'request')
}
