import type { RequestPackage } from '@lux/ceremony/wire'
import { visible } from './shell/safe-text.ts'

/**
 * A request as its bytes say it, each line by whose word it is: proved by digests and signatures that were checked, or
 * claimed by the requester.
 */
export function requestLines(given: RequestPackage, approvedBy: readonly string[] | null): string[] {
  const { payload } = given.request
  const proved = approvedBy === null ? 'unchecked' : 'proved'
  const lines: [string, string, string][] = [
    [proved, 'key', payload.keyId],
    [proved, 'epoch', payload.epochId],
    ...payload.ciphertexts.map(({ digest, type }): [string, string, string] => [
      proved,
      'ciphertext',
      `${type} ${digest}`,
    ]),
    ...given.provenance.map(({ payload: { program, inputs, time } }): [string, string, string] => [
      proved,
      'computed',
      `${program}, from ${inputs.length} inputs, ${time}`,
    ]),
    [proved, 'blocks', String(payload.budget)],
    [proved, 'expires', payload.expiry],
    [proved, 'answers to', `${payload.combiner.slice(0, 24)}…`],
    [
      proved,
      'approved by',
      approvedBy === null ? `${given.approvals.length} signatures` : approvedBy.join(', ') || 'nobody',
    ],
    ['claimed', 'requester', payload.requester],
    ['claimed', 'what', payload.what],
    ['claimed', 'purpose', payload.purpose],
  ]
  return [
    `${payload.domain.toUpperCase()}  decryption request ${payload.requestId}, mode ${payload.mode}`,
    ...lines.map(([whose, name, value]) => `${whose.padEnd(9)}  ${name.padEnd(11)}  ${visible(value)}`),
  ]
}
