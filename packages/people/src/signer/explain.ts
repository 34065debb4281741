import { addressesOf, levels, type Predicate, payloadType, statementCodec } from '@lux/ceremony/bundle'
import { type Plan, readPlan } from '@lux/ceremony/plan'
import { type Policy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { checkpointCodec } from '@lux/ceremony/transcript'
import {
  approvalOverrideCodec,
  type DescribedAct,
  decryptionApprovalCodec,
  exceptionCodec,
  openingCodec,
  type PlanApproval,
  planApprovalCodec,
  type SignatureRequest,
  type Version,
} from '@lux/ceremony/wire'
import { type Domain, fromBase64, identityId, sha256Hex, utf8 } from '@lux/crypto'
import { askedLines } from '../holder/describe.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'
import { escapeForTerminal } from '../safe-text.ts'
import { type Line, line, print, type Told, told } from '../told.ts'
import { change, plainAct } from './act.ts'
import { describePlan } from './describe-plan.ts'
import { digestLines, policyAct, policyLines } from './describe-policy.ts'

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
  /** What changes in the world with it. */
  act: DescribedAct
  /** For a policy: all of it, line by line. Else empty. */
  more: readonly Told[]
  /** The deadline for signing, ISO-8601 UTC. Null where there is none. */
  expires: string | null
  /** Facts, effect and policy as lines of a terminal. */
  lines: string[]
}

/** What else the device that shows it knows: policies, and the plan that this one comes after. */
export type Known = { readonly policies: readonly Policy[]; readonly plan: Plan | null }

const nothingKnown: Known = { policies: [], plan: null }

type Explanation = Pick<Explained, 'domain' | 'digest' | 'title' | 'facts' | 'act'> &
  Partial<Pick<Explained, 'more' | 'expires' | 'policy' | 'version'>>

/** Explains a request's bytes. Refuses REQUEST-SUBJECT and the parsers’ rules, when the bytes are not what the request says. */
export function explainRequest(request: SignatureRequest, known = nothingKnown): Outcome<Explained> {
  return checked(() => {
    const subject = fromBase64(request.subject)
    const {
      more = [],
      expires = null,
      policy = null,
      version = null,
      ...what
    } = explainers[request.what](subject, { ...known, request })
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
  'approval-override': 'claimed by the server',
  exception: 'as it was written down',
}

const fact = (name: string, value: string | Told): Line => line('proved', name, value)
const fingerprint = (name: string, value: string | Told): Line => print('proved', name, value)

const headOf = ({ size, node }: { size: string; node: string }): Told =>
  told('head', `${size} entries, head ${node}`, { size, node })

type Beside = Known & { readonly request: SignatureRequest }

const explainers: Record<SignatureRequest['what'], (subject: Uint8Array, beside: Beside) => Explanation> = {
  'plan-approval': (subject, { policies, plan: before, request: { plan } }) => {
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
      act: planAct(approval, plan, { policies, plan: before }),
    }
  },
  policy: (subject, { policies }) => {
    const policy = parsed(policyDocument.payload.parse(subject))
    const before = policies.find((one) => policyDigest(one) === policy.previous) ?? null
    return {
      domain: policy.domain,
      digest: sha256Hex(subject),
      title: 'Sign a policy',
      facts: [],
      act: policyAct(policy, before),
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
      act: {
        ...plainAct(change('rule', 'act-opening', 'From now on what this ceremony’s key signs is believed')),
        devices: opening.tokenSerials.map((serial) => ({ kind: 'token', name: serial, serial, make: '' })),
      },
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
      act: plainAct(
        change('rule', 'act-checkpoint', `The transcript stands as it is, with ${checkpoint.size} entries`, {
          entries: checkpoint.size,
        }),
      ),
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
      act: plainAct(
        decision.decided === 'retry'
          ? change('rule', 'act-retry', `The step ${decision.stepId} is done again`, {
              step: decision.stepId,
            })
          : decision.about === 'reported'
            ? change('rule', 'act-goes-on', `The run goes on at the step ${decision.stepId}`, {
                step: decision.stepId,
              })
            : change('rule', 'act-continue', `The run goes on after the step ${decision.stepId}`, {
                step: decision.stepId,
              }),
        change('rule', 'act-exception', 'What happened stays in the transcript and in each verdict'),
      ),
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
        ...askedLines(request).map((text) => fingerprint('ciphertext', text)),
        fingerprint('answers to', `${request.combiner.slice(0, 40)}…`),
      ],
      act: plainAct(
        change(
          'share',
          'act-decryption',
          `Holders may answer until ${request.expiry}, at most ${request.budget} blocks each`,
          {
            time: request.expiry,
            blocks: request.budget,
          },
        ),
        change('lost', 'act-decrypted', 'Once enough of them have answered, the result can be read for good'),
      ),
      expires: request.expiry,
    }
  },
  'approval-override': (subject) => {
    const override = parsed(approvalOverrideCodec.payload.parse(subject))
    return {
      domain: override.domain,
      digest: sha256Hex(subject),
      policy: override.policy,
      title: 'Stand in for the approvers of a server',
      facts: [
        line('claimed', 'what', escapeForTerminal(`${override.operation} ${override.asked}`)),
        line('claimed', 'requester', escapeForTerminal(override.asker)),
        fact('until', override.until),
        fingerprint('server', override.audience),
        fingerprint('policy', override.policy),
        fact('organisation', override.organisation ?? told('none', 'none')),
        fact('request', override.request),
      ],
      act: plainAct(
        change('rule', 'act-override', 'The server lets it be done once, though its approvers did not agree'),
        change(
          'rule',
          'act-override-waits',
          'It tells everybody there and waits 24 hours, in which it can be stopped',
        ),
      ),
      expires: override.until,
    }
  },
  bundle: (subject, { policies }) => {
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
      act: bundleAct(predicate, policies),
    }
  },
}

/** Without the plan's own bytes there is nothing to describe, and nobody may approve. */
function planAct(
  { planHash, diffDigest }: PlanApproval,
  bytes: string | undefined,
  known: Known,
): DescribedAct {
  const read = bytes === undefined ? null : readPlan(fromBase64(bytes))
  if (read === null || !read.ok || read.hash !== planHash) return plainAct()
  const policy = known.policies.find((one) => policyDigest(one) === read.plan.policy) ?? null
  const act = describePlan(read.plan, { policy, before: known.plan })
  const rehearsed =
    diffDigest === null
      ? told('claim-rehearsed', 'As it stands, to its end')
      : told('claim-rehearsed-before', 'In an earlier form, to its end')
  return { ...act, claims: [line('claimed', 'rehearsed', rehearsed), ...act.claims] }
}

/** What leaves the room: keys against the places where each is, tokens by their serials, servers by the names of the policy. */
function bundleAct(predicate: Predicate, policies: readonly Policy[]): DescribedAct {
  const policy = policies.find((one) => policyDigest(one) === predicate.policyDigest)
  const named = (audience: string): string =>
    policy?.audiences.find((one) => one.audience === audience)?.name ?? audience.slice(0, 16)
  const servers = addressesOf(predicate).map(({ audience }) => named(audience))
  const { fhe } = predicate
  const rows = [
    ...predicate.wrapTree.map(({ level, name, blob }) => ({
      ...{ name, depth: levels.indexOf(level) },
      at: blob === null ? (['lives', null, null] as const) : ([null, 'wrapped', null] as const),
    })),
    ...(fhe === null ? [] : [{ name: fhe.id, depth: 0, at: [null, null, 'share' as const] }]),
  ]
  const tokens = [...new Set(predicate.keyEvidence.map(({ serial }) => serial))]
  const names = servers.join(', ')
  return {
    ...plainAct(
      names === ''
        ? change('place', 'act-bundle', 'What was made leaves the room in this bundle')
        : change('place', 'act-bundle-for', `What was made goes to the servers ${names} in this bundle`, {
            names,
          }),
      change('rule', 'act-sealed', 'Nothing of it changes any more'),
    ),
    keys:
      rows.length === 0
        ? null
        : {
            rows,
            places: [
              { kind: 'token', name: tokens.join(', '), count: tokens.length },
              { kind: 'bundle', name: '', count: 1 },
              { kind: 'people', name: '', count: fhe?.n ?? 0 },
            ],
          },
    devices: [
      ...tokens.map((serial) => ({ kind: 'token' as const, name: serial, serial, make: '' })),
      ...servers.map((name) => ({ kind: 'server' as const, name, serial: null, make: '' })),
    ],
  }
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
