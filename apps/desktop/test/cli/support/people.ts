import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Domain } from '@lux/ceremony'
import { type Card, cardCodec, isSealedTo, newest } from '@lux/ceremony/wire'
import { generateIdentity, generateSealIdentity } from '@lux/crypto'
import type { PersonKey } from '@lux/people'
import { strongPassphrase as passphrase } from '../../../../../packages/crypto/test/strong-passphrase.ts'
import { systemEntropy } from '../../../src/core/system.ts'
import { sealKeyFile } from '../../../src/core/use-cases/key-file.ts'
import { secretFile } from './custody.ts'

export { passphrase }
/** Two hundred times cheaper than what enrol chooses, so that the tests are about something else than scrypt. */
export const workFactor = 10

export type Enrolled = PersonKey & { cardPath: string; keyPath: string }

/** A person as `enrol` would have made one. */
export async function enrolled(
  folder: string,
  kind: Card['kind'],
  name: string,
  domain: Domain = 'production',
): Promise<Enrolled> {
  const identity = generateIdentity(systemEntropy, ['ed25519', 'mlDsa65'])
  const seal = isSealedTo(kind) ? await generateSealIdentity() : null
  const card: Card = {
    v: newest,
    kind,
    domain,
    name,
    keys: { ...identity.keys },
    ...(seal === null ? {} : { recipient: seal.recipient }),
  }
  const key = { card, identity, seal: seal?.identity ?? null }
  const cardPath = join(folder, `${name}.json`)
  const keyPath = join(folder, `${name}.key`)
  writeFileSync(cardPath, cardCodec.encode(card))
  writeFileSync(keyPath, await sealKeyFile(key, passphrase, { workFactor }), { mode: 0o600 })
  return { ...key, cardPath, keyPath }
}

export function passphraseFile(folder: string): string {
  return secretFile(join(folder, 'passphrase'), passphrase)
}

/** `policy new` for the production policy of a made-up organisation; its people and quorums follow. */
export function newPolicy(out: string): string[] {
  return [
    ...['policy', 'new', '--organisation', 'acme', '--organisation-name', 'Acme Ltd'],
    ...['--domain', 'production', '--expiry', '2099-12-31', '--out', out],
  ]
}
