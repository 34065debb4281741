import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refusalOf } from '../release/sign.ts'
import { root } from '../root.ts'

const rehearsal = readFileSync(join(root, 'scripts/release/rehearsal-key.pem'), 'utf8')
const plain = { type: 'pkcs8', format: 'pem' } as const
const own = generateKeyPairSync('ed25519').privateKey

test('RELEASE-KEY each key signs what it is for, and what cannot be read is said, not thrown', () => {
  // As docs/release.md has it made.
  const encrypted = own.export({ ...plain, cipher: 'aes-256-cbc', passphrase: 'of the release key' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(plain)
  const copied = `a copy\n${rehearsal}`
  for (const testBuild of [true, false])
    for (const [pem, said] of [
      [String(encrypted), 'the key cannot be read: it is encrypted'],
      ['', 'the key cannot be read'],
      [String(other), 'the release key is ec'],
    ] as const)
      expect(refusalOf(pem, { rehearsal, testBuild })).toContain(said)
  for (const pem of [rehearsal, copied]) {
    expect(refusalOf(pem, { rehearsal, testBuild: true })).toBeNull()
    expect(refusalOf(pem, { rehearsal, testBuild: false })).toContain('test builds alone')
  }
  const release = String(own.export(plain))
  expect(refusalOf(release, { rehearsal, testBuild: false })).toBeNull()
  expect(refusalOf(release, { rehearsal, testBuild: true })).toContain('by the rehearsal key alone')
})
