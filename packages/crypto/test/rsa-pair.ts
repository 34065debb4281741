import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const given = new Map<number, number>()

/**
 * An RSA pair that no other call of this test file gets. To make one takes up to some seconds: it is made once a run, where the run has
 * a place for it (scripts/test/made-once.ts), and every file has the same ones.
 */
export function rsaPair(modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } {
  const count = given.get(modulusLength) ?? 0
  given.set(modulusLength, count + 1)
  const place = process.env.LUX_MADE_ONCE
  if (place === undefined) return generateKeyPairSync('rsa', { modulusLength })
  const file = join(place, `rsa-${modulusLength}-${count}.pem`)
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength })
    const own = `${file}.${process.pid}`
    writeFileSync(own, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    renameSync(own, file)
  }
  const privateKey = createPrivateKey(readFileSync(file))
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
