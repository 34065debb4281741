import { type Policy, policyDigest } from '@lux/ceremony/policy'
import { encodeCanonical, identityId, sha256Hex, utf8 } from '@lux/crypto'
import { wordLines, wordsOf } from '../words.ts'

/** A policy for people, line by line, from the parsed bytes alone; its digest in words comes last. */
export function describePolicy(policy: Policy): string[] {
  const digest = policyDigest(policy)
  return [...policyLines(policy), `digest          ${digest}`, ...wordLines(wordsOf(digest))]
}

/**
 * Without the digest: every member of the policy has its part in a line, keys and recipients, which nobody reads, as the first 64
 * bits of a digest.
 */
export function policyLines(policy: Policy): string[] {
  const { leastEvidence, fhe } = policy
  return [
    `Policy ${policy.version} of ${policy.organisation.name} (${policy.organisation.id}), ${policy.domain}`,
    `valid until ${policy.expiry}; follows ${policy.previous ?? 'none, it is the first'}`,
    ...people('officer', policy.officers, `any ${policy.officerQuorum} sign`),
    ...people('witness', policy.witnesses, `any ${policy.witnessQuorum} cosign`),
    ...people('approver', policy.approvers, `any ${policy.approverThreshold} approve`),
    ...people('requester', policy.requesters, 'may ask for decryptions'),
    ...people('evaluator', policy.evaluators, 'vouch for ciphertexts'),
    ...people('encryptor', policy.encryptors, 'sign inputs'),
    ...policy.combiners.map(
      ({ name, recipient }) =>
        `combiner   ${name}  answers are sealed to ${short(sha256Hex(utf8(recipient)))}`,
    ),
    ...policy.audiences.map(
      ({ name, audience, ...keys }) =>
        `server     ${name}  ${audience}  keys ${short(sha256Hex(encodeCanonical(keys)))}`,
    ),
    `least evidence  ${Object.entries(leastEvidence)
      .map(([level, evidence]) => `${level} ${evidence}`)
      .join(', ')}`,
    ...(policy.attestationRoots ?? []).map(
      ({ name, certificate, format }) => `vouches         ${name} for ${format} tokens: root ${certificate}`,
    ),
    `software tokens ${policy.softTokens ? 'ALLOWED' : 'refused'}`,
    ...policy.acceptedTools.map((tool) => `accepted tool   ${tool}`),
    `algorithms      ${[...policy.algorithms.signatures, ...policy.algorithms.keys].join(', ')}`,
    `FHE             ${fhe.floorBits} bits left, ${fhe.blockFloorBits} a block; at most ${fhe.budgets.k64} and ${fhe.budgets.k128} blocks a holder`,
    ...(fhe.carrying === 'always' ? ['carrying        squashed ciphertexts are rounded, always'] : []),
  ]
}

function people(role: string, members: Policy['officers'], what: string): string[] {
  return members.map(
    ({ name, card, keys, algorithms }) =>
      `${role.padEnd(10)} ${name}  card ${short(card)}  keys ${short(identityId(keys))}  ${algorithms.join(' + ')}  (${what})`,
  )
}

function short(digest: string): string {
  return digest.slice(0, 16)
}
