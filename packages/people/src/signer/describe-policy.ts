import { type Policy, policyDigest } from '@lux/ceremony/policy'
import type { ActChange, DescribedAct } from '@lux/ceremony/wire'
import { encodeCanonical, identityId, sha256Hex, utf8 } from '@lux/crypto'
import { print, type Told, told } from '../told.ts'
import { wordLines, wordsOf } from '../words.ts'
import { change, markChanges, markNamed } from './act.ts'

/** A policy for people, line by line, from its parsed bytes alone. Its digest in words comes last. */
export function describePolicy(policy: Policy): string[] {
  return [...policyLines(policy).map(({ text }) => text), ...digestLines(policyDigest(policy))]
}

/** Lines that the parts of an act show in another form: people and servers are drawn, and their keys are for machines. */
const drawn = /^policy-(officer|witness|approver|requester|evaluator|encryptor|combiner|server)$/

/** A policy as an act. `before`: the policy that it follows, where it is known. */
export function policyAct(policy: Policy, before: Policy | null): DescribedAct {
  const lines = policyLines(policy)
  const prints = lines.filter(({ name }) => drawn.test(name))
  const known = before !== null && policy.previous === policyDigest(before) ? before : null
  const described: DescribedAct = {
    changes: [
      ...quorums(policy),
      ...lines
        .filter(({ name }) => !drawn.test(name))
        .map((one): ActChange => ({ about: 'rule', told: one })),
    ],
    people: peopleOf(policy),
    keys: null,
    devices: [...policy.audiences, ...policy.combiners].map(({ name }) => ({
      ...{ kind: 'server' as const, name, serial: null, make: '' },
    })),
    claims: [],
    prints: prints.map((one) => print('proved', 'policy', one)),
    since:
      policy.previous === null
        ? told('since-first', 'It is the first: it follows none')
        : told('since-nothing', 'Nothing to compare it with is here'),
  }
  if (known === null) return described
  const old = policyAct(known, null)
  const keysOf = ({ prints: all }: DescribedAct, name: string): string =>
    all
      .flatMap(({ told: one }) =>
        one?.values.name === name ? [one.values.card, one.values.keys, one.values.digest] : [],
      )
      .join()
  const same = (one: { readonly name: string }): boolean =>
    keysOf(described, one.name) === keysOf(old, one.name)
  return {
    ...described,
    changes: markChanges(described.changes, old.changes),
    people: markNamed(described.people, old.people, (a, b) => a.roles.join() === b.roles.join() && same(b)),
    devices: markNamed(described.devices, old.devices, (_, b) => same(b)),
    since: told('since-policy', `Compared with version ${known.version}`, { version: known.version }),
  }
}

function quorums(policy: Policy): ActChange[] {
  const { officers, witnesses, approvers, officerQuorum, witnessQuorum, approverThreshold } = policy
  const of = [
    ['officers', officers.length, officerQuorum],
    ['witnesses', witnesses.length, witnessQuorum],
    ['approvers', approvers.length, approverThreshold],
  ] as const
  return of
    .filter(([, n]) => n > 0)
    .map(([role, n, t]) => change('people', `quorum-${role}`, `Any ${t} of ${n} ${role} sign`, { t, n }))
}

function peopleOf(policy: Policy): DescribedAct['people'] {
  const { officers, witnesses, approvers, requesters, evaluators, encryptors } = policy
  const roles = Object.entries({
    ...{ officer: officers, witness: witnesses, approver: approvers },
    ...{ requester: requesters, evaluator: evaluators, encryptor: encryptors },
  })
  const names = [...new Set(roles.flatMap(([, members]) => members.map(({ name }) => name)))]
  return names.map((name) => ({
    name,
    roles: roles.flatMap(([role, members]) => (members.some((one) => one.name === name) ? role : [])),
  }))
}

export function digestLines(digest: string): string[] {
  return [`digest          ${digest}`, ...wordLines(wordsOf(digest))]
}

/**
 * Without the digest. Every member of the policy is in some line. Keys and recipients, which nobody reads, are the first 64 bits of a
 * digest.
 */
export function policyLines(policy: Policy): Told[] {
  const { leastEvidence, fhe, version, organisation, domain, expiry, previous } = policy
  const evidence = Object.entries(leastEvidence)
    .map(([level, least]) => `${level} ${least}`)
    .join(', ')
  const algorithms = [...policy.algorithms.signatures, ...policy.algorithms.keys].join(', ')
  const { floorBits, blockFloorBits, budgets } = fhe
  return [
    told(`policy-${domain}`, `Policy ${version} of ${organisation.name} (${organisation.id}), ${domain}`, {
      version,
      name: organisation.name,
      id: organisation.id,
    }),
    previous === null
      ? told('policy-first', `valid until ${expiry}; follows none, it is the first`, { expiry })
      : told('policy-follows', `valid until ${expiry}; follows ${previous}`, { expiry, previous }),
    ...people('officer', policy.officers, `any ${policy.officerQuorum} sign`, policy.officerQuorum),
    ...people('witness', policy.witnesses, `any ${policy.witnessQuorum} cosign`, policy.witnessQuorum),
    ...people(
      'approver',
      policy.approvers,
      `any ${policy.approverThreshold} approve`,
      policy.approverThreshold,
    ),
    ...people('requester', policy.requesters, 'may ask for decryptions'),
    ...people('evaluator', policy.evaluators, 'vouch for ciphertexts'),
    ...people('encryptor', policy.encryptors, 'sign inputs'),
    ...policy.combiners.map(({ name, recipient }) => {
      const digest = short(sha256Hex(utf8(recipient)))
      return told('policy-combiner', `combiner   ${name}  answers are sealed to ${digest}`, { name, digest })
    }),
    ...policy.audiences.map(({ name, audience, ...keys }) => {
      const digest = short(sha256Hex(encodeCanonical(keys)))
      return told('policy-server', `server     ${name}  ${audience}  keys ${digest}`, {
        name,
        audience,
        digest,
      })
    }),
    told('policy-evidence', `least evidence  ${evidence}`, { evidence }),
    ...(policy.attestationRoots ?? []).map(({ name, certificate, ...root }) => {
      const device = 'device' in root && root.device
      const format = device ? `${root.format}, ${device.maker} ${device.model}` : root.format
      return told('policy-vouches', `vouches         ${name} for ${format} tokens: root ${certificate}`, {
        name,
        format,
        certificate,
      })
    }),
    policy.softTokens
      ? told('policy-soft-allowed', 'software tokens ALLOWED')
      : told('policy-soft-refused', 'software tokens refused'),
    ...policy.acceptedTools.map((tool) => told('policy-tool', `accepted tool   ${tool}`, { tool })),
    told('policy-algorithms', `algorithms      ${algorithms}`, { algorithms }),
    told(
      'policy-fhe',
      `FHE             ${floorBits} bits left, ${blockFloorBits} a block; at most ${budgets.k64} and ${budgets.k128} blocks a holder`,
      { life: floorBits, block: blockFloorBits, k64: budgets.k64, k128: budgets.k128 },
    ),
    ...(policy.oldest === undefined
      ? []
      : [
          told(
            'policy-oldest',
            `accepts         cards of version ${policy.oldest.card}, runs of version ${policy.oldest.run}, and later ones`,
            policy.oldest,
          ),
        ]),
    ...(policy.phone === undefined ? [] : [phone(policy.phone)]),
    ...(policy.hardware ?? []).map((device) =>
      told('policy-hardware', `hardware        ${device.maker} ${device.model}`, device),
    ),
    ...(policy.changes ?? []).map(({ change, role, name, card, reason }) =>
      told(`policy-${change}`, `${change.padEnd(16)}${role} ${name}  card ${short(card)}  ${reason}`, {
        role,
        name,
        card: short(card),
        reason,
      }),
    ),
    ...(policy.machine === undefined ? [] : [machine(policy.machine)]),
    ...(fhe.carrying === 'always'
      ? [told('policy-carrying', 'carrying        squashed ciphertexts are rounded, always')]
      : []),
  ]
}

function phone({ origin, releaseKey }: NonNullable<Policy['phone']>): Told {
  const keys = short(identityId(releaseKey))
  return told('policy-phone', `phone           ${origin}, releases signed by ${keys}`, { origin, keys })
}

function machine({ least, images = [], keys = [] }: NonNullable<Policy['machine']>): Told {
  const values = {
    level: least,
    images: images.join(', '),
    keys: keys.map(({ name, key }) => `${name} ${short(sha256Hex(utf8(key)))}`).join(', '),
  }
  return told(
    'policy-machine',
    `workstation     ${least}; media ${values.images || 'any'}; keys ${values.keys || 'any'}`,
    values,
  )
}

type Role = 'officer' | 'witness' | 'approver' | 'requester' | 'evaluator' | 'encryptor'

function people(role: Role, members: Policy['officers'], what: string, quorum = 0): Told[] {
  return members.map(({ name, card, keys, algorithms }) => {
    const values = {
      name,
      card: short(card),
      keys: short(identityId(keys)),
      algorithms: algorithms.join(' + '),
      quorum,
    }
    return told(
      `policy-${role}`,
      `${role.padEnd(10)} ${name}  card ${values.card}  keys ${values.keys}  ${values.algorithms}  (${what})`,
      values,
    )
  })
}

function short(digest: string): string {
  return digest.slice(0, 16)
}
