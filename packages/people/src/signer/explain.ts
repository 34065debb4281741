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

/** One thing that the signed bytes say, and its name. */
export type Fact = { readonly name: string; readonly value: string }

/** What a request asks to sign, told from the very bytes that are signed. `digest` is the one that people read aloud. */
export type Explained = {
  subject: Uint8Array
  /** null where the document itself names none. */
  domain: Domain | null
  digest: string
  /** What the signature does, as a sentence. */
  title: string
  facts: readonly Fact[]
  /** Of a policy all that it says, a line each. */
  more: readonly string[]
  /** The three as lines of a terminal. */
  lines: string[]
}

type Explanation = Pick<Explained, 'domain' | 'digest' | 'title' | 'facts'> & Partial<Pick<Explained, 'more'>>

/** Refuses REQUEST-SUBJECT and the parsers’ rules, when the bytes are not what the request says. */
export function explainRequest(request: SignatureRequest): Outcome<Explained> {
  return checked(() => {
    const subject = fromBase64(request.subject)
    const { more = [], ...told } = explainers[request.what](subject)
    const facts = told.facts.map(({ name, value }) => `${name.padEnd(10)} ${value}`)
    return { subject, ...told, more, lines: [told.title, ...facts, ...more] }
  }, 'request')
}

const fact = (name: string, value: string): Fact => ({ name, value })

const explainers: Record<SignatureRequest['what'], (subject: Uint8Array) => Explanation> = {
  'plan-approval': (subject) => {
    const approval = parsed(planApprovalCodec.payload.parse(subject))
    return {
      domain: approval.domain,
      digest: approval.planHash,
      title: 'Approve a plan for production',
      facts: [
        fact('plan', approval.planHash),
        fact('rehearsed', approval.rehearsalDigest),
        fact('change', approval.diffDigest ?? 'none since the rehearsal'),
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
      more: describePolicy(policy),
    }
  },
  opening: (subject) => {
    const opening = parsed(openingCodec.payload.parse(subject))
    return {
      domain: opening.domain,
      digest: sha256Hex(subject),
      title: 'Open a ceremony: from now on its ceremony key is believed',
      facts: [
        fact('ceremony', opening.ceremonyId),
        fact('plan', opening.planHash),
        fact('policy', opening.policyDigest),
        fact('tokens', opening.tokenSerials.join(', ')),
        fact('key', `${identityId(opening.ceremonyKeys)} (${Object.keys(opening.ceremonyKeys).join(' + ')})`),
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
        fact('ceremony', checkpoint.ceremonyId),
        fact('plan', checkpoint.planHash),
        fact('head', checkpoint.node),
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
        fact('ceremony', decision.ceremonyId),
        fact('plan', decision.planHash),
        fact('step', `${decision.stepId}, attempt ${decision.attempt}, ${decision.about}`),
        fact('expected', escapeForTerminal(decision.expected)),
        fact('happened', escapeForTerminal(decision.happened)),
        fact('proposed', `by ${decision.by}: ${decision.reason || 'no reason given'}`),
        fact('after', `${decision.head.size} entries, head ${decision.head.node}`),
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
        fact('what', `${request.what} (claimed by the requester)`),
        fact('purpose', `${request.purpose || 'none given'} (claimed by the requester)`),
        fact('requester', request.requester),
        fact('key', `${request.keyId}, epoch ${request.epochId}`),
        ...request.ciphertexts.map(({ digest, type }) => fact('ciphertext', `${type} ${digest}`)),
        fact('answers to', `${request.combiner.slice(0, 40)}…`),
        fact('until', `${request.expiry}, ${request.budget} blocks of each holder who answers`),
      ],
    }
  },
  bundle: (subject) => {
    const payload = unwrapped(subject)
    const { predicate, subject: files } = parsed(statementCodec.parse(payload))
    return {
      domain: predicate.domain,
      digest: sha256Hex(payload),
      title: 'Sign a bundle',
      facts: [
        fact('ceremony', predicate.ceremonyId),
        fact('plan', predicate.planHash),
        fact('policy', predicate.policyDigest),
        fact('transcript', `${predicate.transcript.size} entries, head ${predicate.transcript.node}`),
        ...predicate.wrapTree.map(({ level, id, name, algorithm }) =>
          fact('key', `${level} ${id}, ${name}, ${algorithm}`),
        ),
        ...(predicate.fhe === null
          ? []
          : [fact('FHE key', `${predicate.fhe.id}: any ${predicate.fhe.t} of ${predicate.fhe.n} decrypt`)]),
        fact('for', `${predicate.audience ?? 'no server'}, number ${predicate.sequence}`),
        fact('after', followed(predicate)),
        ...(predicate.alsoFor ?? []).flatMap((one) => [
          fact('and for', `${one.audience}, number ${one.sequence}`),
          fact('after', followed(one)),
        ]),
        fact('files', `${files.length}`),
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
