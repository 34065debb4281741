import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Capability, CapabilityGroup, KeyPairKind, KeyTemplate, MadeKeyPair } from '../device.ts'
import { generateKeyPair } from './keys.ts'
import type { TokenSession } from './session.ts'

/** `run` answers with what was seen, throws Wrong for a result that is not the standard's, or HsmError for a refusal. */
export type Trial = {
  readonly group: CapabilityGroup
  readonly name: string
  readonly mechanism: Capability['mechanism']
  readonly run: () => string | Promise<string>
}

/** The token answered, and other software disagrees with the answer. */
export class Wrong extends Error {}

export function agree(right: boolean, what: string): string {
  if (!right) throw new Wrong(`${what}: other software disagrees`)
  return `${what}: other software agrees`
}

export const scratchId = () => randomBytes(16).toString('hex')

export const scratch: KeyTemplate = {
  token: false,
  sensitive: true,
  extractable: false,
  modifiable: false,
  copyable: false,
  wrap: false,
  unwrap: false,
  encrypt: false,
  decrypt: false,
  sign: false,
  verify: false,
  derive: false,
  wrapWithTrusted: false,
  allowedMechanisms: null,
  unwrapTemplate: null,
}

export async function withPair<T>(
  token: TokenSession,
  kind: KeyPairKind,
  flags: Partial<KeyTemplate>,
  use: (pair: MadeKeyPair, publicKey: KeyObject) => T | Promise<T>,
): Promise<T> {
  const pair = generateKeyPair(token, {
    id: scratchId(),
    label: 'trial',
    kind,
    template: { ...scratch, ...flags },
  })
  try {
    const key = createPublicKey({ key: Buffer.from(pair.spki), format: 'der', type: 'spki' })
    return await use(pair, key)
  } finally {
    for (const ref of [pair.privateKey, pair.publicKey]) token.destroyHandle(token.find(ref))
  }
}
