// Its decorators ask for it, before @peculiar/x509 is loaded.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509'

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 3072,
}
const tenYears = 3650 * 24 * 3_600_000

/** What this server signs its requests to one provider with, and has assertions encrypted to: PEM. */
export async function makeServiceKey(name: string, now: Date): Promise<{ certificate: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `4a${randomBytes(15).toString('hex')}`,
    name: [{ CN: [`Lux Custody for ${name}`] }],
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: new Date(now.getTime() + tenYears),
    keys,
    signingAlgorithm: algorithm,
  })
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificate: `${made.toString('pem')}\n`, key: `${key}\n` }
}
