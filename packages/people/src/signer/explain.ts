import { type Predicate, payloadType, statementCodec } from '@lux/ceremony/bundle'
import { policyDocument } from '@lux/ceremony/policy'
import { checkpointCodec } from '@lux/ceremony/transcript'
import {
  decryptionApprovalCodec,
  exceptionCodec,
  openingCodec,
  planApprovalCodec,
  type SignatureRequest,
  type Version,
} from '@lux/ceremony/wire'
import { type Domain, fromBase64, identityId, sha256Hex, utf8 } from '@lux/crypto'
import { checked, need, no, type Outcome } from '../outcome.ts'
import { escapeForTerminal } from '../safe-text.ts'
import { type Line, line, print, type Told, told } from '../told.ts'
import { digestLines, policyLines } from './describe-policy.ts'

/** What a request asks to sign, told from the very bytes. `digest`: the one that people read aloud. */
export type Explained = {
  subject: Uint8Array
  /** Null where the document names none. */
  domain: Domain | null
  digest: string
  /** Digest of the policy that the bytes name; null where they name none. */
  policy: string | null
  /** The run's version. Null where the bytes do not say it. */
  version: Version | null
  /** What the signature does, as a sentence. */
  title: string
  facts: readonly Line[]
  /** For a policy: all of it, line by line. Else empty. */
  more: readonly Told[]
  /** The deadline for signing, ISO-8601 UTC. Null where there is none. */
  expires: string | null
  /** Facts, effect and policy as lines of a terminal. */
  lines: string[]
}

type Explanation = Pick<Explained, 'domain' | 'digest' | 'title' | 'facts'> &
  Partial<Pick<Explained, 'more' | 'expires' | 'policy' | 'version'>>

/** Explains a request's bytes. Refuses REQUEST-SUBJECT and the parsers’ rules, when the bytes are not what the request says. */
export function explainRequest(request: SignatureRequest): Outcome<Explained> {
  return checked(() => {
    const subject = fromBase64(request.subject)
    const {
      more = [],
      expires = null,
      policy = null,
      version = null,
      ...what
    } = explainers[request.what](subject)
    const facts = what.facts.map(
      ({ whose, name, value }) =>
        `${name.padEnd(10)} ${value}${whose === 'claimed' ? ` (${claimedBy[request.what] ?? 'claimed'})` : ''}`,
    )
    const last = request.what === 'policy' ? digestLines(what.digest) : []
    const lines = [what.title, ...facts, ...more.map(({ text }) => text), ...last]
    return { subject, ...what, policy, version, more, expires, lines }
  }, 'request')
}

/** Whose word it is, for a terminal. */
const claimedBy: Partial<Record<SignatureRequest['what'], string>> = {
  'decryption-approval': 'claimed by the requester',
  exception: 'as it was written down',
}

const fact = (name: string, value: string | Told): Line => line('proved', name, value)
const fingerprint = (name: string, value: string | Told): Line => print('proved', name, value)

const headOf = ({ size, node }: { size: string; node: string }): Told =>
  told('head', `${size} entries, head ${node}`, { size, node })

const explainers: Record<SignatureRequest['what'], (subject: Uint8Array) => Explanation> = {
  'plan-approval': (subject) => {
    const approval = parsed(planApprovalCodec.payload.parse(subject))
    return {
      domain: approval.domain,
      digest: approval.planHash,
      title: 'Approve a plan for production',
      facts: [
        fingerprint('plan', approval.planHash),
        fingerprint('rehearsed', approval.rehearsalDigest),
        approval.diffDigest === null
          ? fact('change', told('unchanged', 'none since the rehearsal'))
          : fingerprint('change', approval.diffDigest),
      ],
    }
  },
  policy: (subject) => {
    const policy = parsed(policyDocument.payload.parse(subject))
    return {
      domain: policy.domain,
      digest: sha256Hex(subject),
      title: 'Sign a policy',
      facts: [],
      more: policyLines(policy),
    }
  },
  opening: (subject) => {
    const opening = parsed(openingCodec.payload.parse(subject))
    return {
      domain: opening.domain,
      digest: sha256Hex(subject),
      policy: opening.policyDigest,
      title: 'Open a ceremony: from now on its ceremony key is believed',
      facts: [
        fingerprint('ceremony', opening.ceremonyId),
        fingerprint('plan', opening.planHash),
        fingerprint('policy', opening.policyDigest),
        fact('tokens', opening.tokenSerials.join(', ')),
        fingerprint(
          'key',
          `${identityId(opening.ceremonyKeys)} (${Object.keys(opening.ceremonyKeys).join(' + ')})`,
        ),
      ],
    }
  },
  checkpoint: (subject) => {
    const checkpoint = parsed(checkpointCodec.payload.parse(subject))
    return {
      domain: null,
      digest: sha256Hex(subject),
      title: `Cosign the transcript of ${checkpoint.size} entries`,
      facts: [
        fact('entries', String(checkpoint.size)),
        fingerprint('ceremony', checkpoint.ceremonyId),
        fingerprint('plan', checkpoint.planHash),
        fingerprint('head', checkpoint.node),
        fact('made at', checkpoint.time),
      ],
    }
  },
  exception: (subject) => {
    const decision = parsed(exceptionCodec.payload.parse(subject))
    return {
      domain: decision.domain,
      digest: sha256Hex(subject),
      title: `Sign the decision about exception ${decision.exception}: ${decision.decided}`,
      facts: [
        fact('decision', told(`decided-${decision.decided}`, decision.decided)),
        fact('exception', String(decision.exception)),
        fingerprint('ceremony', decision.ceremonyId),
        fingerprint('plan', decision.planHash),
        fact(
          'step',
          told('attempt', `${decision.stepId}, attempt ${decision.attempt}, ${decision.about}`, {
            step: decision.stepId,
            attempt: decision.attempt,
            about: decision.about,
          }),
        ),
        line('claimed', 'expected', escapeForTerminal(decision.expected)),
        line('claimed', 'happened', escapeForTerminal(decision.happened)),
        line(
          'claimed',
          'proposed',
          decision.reason === ''
            ? told('proposed', `by ${decision.by}: no reason given`, { by: decision.by })
            : `${decision.by}: ${decision.reason}`,
        ),
        fingerprint('after', headOf(decision.head)),
      ],
    }
  },
  'decryption-approval': (subject) => {
    const request = parsed(decryptionApprovalCodec.payload.parse(subject))
    return {
      domain: request.domain,
      digest: sha256Hex(subject),
      title: 'Approve a threshold decryption',
      facts: [
        line('claimed', 'what', request.what),
        line('claimed', 'purpose', request.purpose || told('no-purpose', 'none given')),
        line('claimed', 'requester', request.requester),
        fact(
          'until',
          told('until-blocks', `${request.expiry}, ${request.budget} blocks of each holder who answers`, {
            time: request.expiry,
            blocks: request.budget,
          }),
        ),
        fingerprint('key', request.keyId),
        fingerprint('epoch', request.epochId),
        ...request.ciphertexts.map(({ digest, type }) => fingerprint('ciphertext', `${type} ${digest}`)),
        fingerprint('answers to', `${request.combiner.slice(0, 40)}…`),
      ],
      expires: request.expiry,
    }
  },
  bundle: (subject) => {
    const payload = unwrapped(subject)
    const { predicate, subject: files } = parsed(statementCodec.parse(payload))
    return {
      domain: predicate.domain,
      digest: sha256Hex(payload),
      policy: predicate.policyDigest,
      version: predicate.v,
      title: 'Sign a bundle',
      facts: [
        fingerprint('ceremony', predicate.ceremonyId),
        fingerprint('plan', predicate.planHash),
        fingerprint('policy', predicate.policyDigest),
        fingerprint('transcript', headOf(predicate.transcript)),
        ...predicate.wrapTree.map(({ level, id, name, algorithm }) =>
          fact('key', `${level} ${id}, ${name}, ${algorithm}`),
        ),
        ...(predicate.fhe === null ? [] : [fact('FHE key', sharedKey(predicate.fhe))]),
        fact('for', addressed(predicate)),
        followed(predicate),
        ...(predicate.alsoFor ?? []).flatMap((one) => [fact('and for', addressed(one)), followed(one)]),
        fact('files', `${files.length}`),
      ],
    }
  },
}

function sharedKey({ id, t, n }: NonNullable<Predicate['fhe']>): Told {
  return told('shared-key', `${id}: any ${t} of ${n} decrypt`, { id, t, n })
}

function addressed({ audience, sequence }: Pick<Predicate, 'audience' | 'sequence'>): Told {
  return audience === null
    ? told('no-server', `no server, number ${sequence}`, { number: sequence })
    : told('server', `${audience}, number ${sequence}`, { audience, number: sequence })
}

function followed({ previous, supersedes }: Pick<Predicate, 'previous' | 'supersedes'>): Line {
  const replaced = supersedes.join(', ')
  if (replaced === '')
    return previous === null ? fact('after', told('none', 'none')) : fingerprint('after', previous)
  return fingerprint(
    'after',
    previous === null
      ? told('none-replaces', `none, replaces ${replaced}`, { replaced })
      : told('replaces', `${previous}, replaces ${replaced}`, { previous, replaced }),
  )
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
