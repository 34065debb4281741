import { X509Certificate } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeStateFolder, stateFolder } from '../../../src/platform/state-folder/folder.ts'
import {
  followCertificate,
  givenCertificate,
  ownCertificate,
  type TlsKey,
} from '../../../src/platform/tls/certificate.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const now = new Date()
const day = 24 * 3_600_000

async function madeState() {
  const state = stateFolder(join(await temporaryFolder(), 'state'))
  await makeStateFolder(state)
  return state
}

test('TLS-01 each start has a certificate of its own, for this host, under one CA that clients go on trusting', async () => {
  const state = await madeState()
  const [first, second] = [
    await ownCertificate(state, '192.0.2.7', now),
    await ownCertificate(state, '192.0.2.7', now),
  ]
  expect(first.key).not.toBe(second.key)
  const ca = new X509Certificate(await readFile(state.caCertificate))
  expect([ca.ca, ca.verify(ca.publicKey)]).toEqual([true, true])
  expect((await stat(state.caKey)).mode & 0o777).toBe(0o600)
  for (const { cert } of [first, second]) {
    const leaf = new X509Certificate(cert)
    expect([leaf.ca, leaf.verify(ca.publicKey), leaf.checkIssued(ca)]).toEqual([false, true, true])
    expect([leaf.checkIP('192.0.2.7'), leaf.checkIP('127.0.0.1'), leaf.checkHost('localhost')]).toEqual([
      '192.0.2.7',
      '127.0.0.1',
      'localhost',
    ])
    expect(leaf.checkHost('example.org')).toBe(undefined)
  }
})

test('TLS-01 a certificate is for the other names that clients reach the server by, and replicas that start at once have one CA', async () => {
  const state = await madeState()
  const made = await Promise.all(
    [1, 2, 3].map(() => ownCertificate(state, '0.0.0.0', now, ['vault-kms.vault.svc', '192.0.2.9'])),
  )
  const ca = new X509Certificate(await readFile(state.caCertificate))
  for (const { cert } of made) {
    const leaf = new X509Certificate(cert)
    expect([
      leaf.verify(ca.publicKey),
      leaf.checkHost('vault-kms.vault.svc'),
      leaf.checkIP('192.0.2.9'),
    ]).toEqual([true, 'vault-kms.vault.svc', '192.0.2.9'])
    expect(leaf.checkIP('0.0.0.0')).toBe(undefined)
  }
})

test('TLS-01 a CA that would end before what it signs makes room for the next', async () => {
  const state = await madeState()
  await ownCertificate(state, 'localhost', now)
  const before = await readFile(state.caCertificate, 'utf8')
  await ownCertificate(state, 'localhost', new Date(now.getTime() + 3000 * day))
  expect(await readFile(state.caCertificate, 'utf8')).toBe(before)
  await ownCertificate(state, 'localhost', new Date(now.getTime() + 3300 * day))
  expect(await readFile(state.caCertificate, 'utf8')).not.toBe(before)
})

test('TLS-FILES a certificate without its own key is refused', async () => {
  const state = await madeState()
  const [one, other] = [await ownCertificate(state, 'a', now), await ownCertificate(state, 'b', now)]
  const file = async (name: string, text: string) => {
    const path = join(state.root, name)
    await writeFile(path, text)
    return path
  }
  const [cert, key, foreign, empty] = [
    await file('cert.pem', one.cert),
    await file('key.pem', one.key),
    await file('other.pem', other.key),
    await file('empty.pem', ''),
  ]
  expect(await givenCertificate(undefined, '')).toBe(null)
  expect(await givenCertificate(cert, key)).toEqual(one)
  for (const [a, b] of [
    [cert, undefined],
    [undefined, key],
    [cert, foreign],
    [cert, empty],
    [empty, key],
    [cert, join(state.root, 'nowhere.pem')],
    [key, key],
  ])
    await expect(givenCertificate(a, b)).rejects.toMatchObject({ code: 'TLS-FILES' })
})

test('TLS-FILES another pair in the files is taken while the server runs, one that does not fit is not', async () => {
  const state = await madeState()
  const [one, other] = [await ownCertificate(state, 'a', now), await ownCertificate(state, 'b', now)]
  const [certFile, keyFile] = [join(state.root, 'cert.pem'), join(state.root, 'key.pem')]
  const put = (cert: TlsKey, key: TlsKey) =>
    Promise.all([writeFile(certFile, cert.cert), writeFile(keyFile, key.key)])
  await put(one, one)
  const [taken, failures]: [TlsKey[], unknown[]] = [[], []]
  const following = followCertificate(
    { certFile, keyFile, every: 20 },
    { renewed: (next) => taken.push(next), failed: (error) => failures.push(error) },
  )
  try {
    await put(other, one)
    await expect.poll(() => failures.length).toBeGreaterThan(0)
    expect(taken).toEqual([])
    await put(other, other)
    await expect.poll(() => taken).toEqual([other])
    expect(failures[0]).toMatchObject({ code: 'TLS-FILES' })
  } finally {
    following.stop()
  }
})
