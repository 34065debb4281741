import 'reflect-metadata'
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import {
  BasicConstraintsExtension,
  X509Certificate as Certificate,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { EnvironmentError } from '../../refusal.ts'
import type { StateFolder } from '../state-folder/folder.ts'
import { readIfPresent, writeWhole } from '../state-folder/private-file.ts'
import { holdingState } from '../state-folder/state-lock.ts'

/** PEM. */
export type TlsKey = { readonly cert: string; readonly key: string }

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 24 * 3_600_000
const maxPem = 1 << 16
// Clocks differ: what is signed now holds from a little before.
const earlier = 3_600_000

cryptoProvider.set(webcrypto)

/** TLS_CERT_FILE and TLS_KEY_FILE, or null where neither is set. Throws TLS-FILES where they are no certificate and its key. */
export async function givenCertificate(
  certFile: string | undefined,
  keyFile: string | undefined,
): Promise<TlsKey | null> {
  if (!certFile && !keyFile) return null
  if (!certFile || !keyFile)
    throw new EnvironmentError('TLS-FILES', 'TLS_CERT_FILE and TLS_KEY_FILE go together')
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
    // A context takes an empty one as none.
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('not a pair')
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (error) {
    throw new EnvironmentError('TLS-FILES', `${certFile}, ${keyFile}: not a certificate and its key in PEM`, {
      cause: error,
    })
  }
}

const followEvery = 60_000

/**
 * Looks every minute whether TLS_CERT_FILE and TLS_KEY_FILE hold another pair, as whoever renews them leaves it there. A pair that does
 * not fit, such as one half of it written, is not taken: `failed` hears of it, and the old one stays.
 */
export function followCertificate(
  { certFile, keyFile, every = followEvery }: { certFile: string; keyFile: string; every?: number },
  {
    renewed,
    failed,
  }: { readonly renewed: (next: TlsKey) => void; readonly failed: (error: unknown) => void },
): { stop(): void } {
  let held: Promise<TlsKey | null> = givenCertificate(certFile, keyFile).catch(() => null)
  const timer = setInterval(() => {
    held = held.then(async (before) => {
      try {
        const next = await givenCertificate(certFile, keyFile)
        if (next !== null && (next.cert !== before?.cert || next.key !== before.key)) renewed(next)
        return next
      } catch (error) {
        failed(error)
        return before
      }
    })
  }, every)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/**
 * A certificate for this host and the other names that it is reached by, signed by a CA of the server's own, whose key and certificate
 * are files of the state folder: clients trust that one, and each start makes a new key under it.
 */
export async function ownCertificate(
  state: StateFolder,
  host: string,
  now: Date,
  others: readonly string[] = [],
): Promise<TlsKey> {
  const ca = await startAuthority(state, now)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const names = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), host, ...others])].filter(
    (name) => !/^(0\.0\.0\.0|::)$/.test(name),
  )
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=Lux companion server',
    issuer: ca.certificate.subject,
    notBefore: new Date(now.getTime() - earlier),
    notAfter: new Date(now.getTime() + 397 * day),
    publicKey: keys.publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  })
  return { cert: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) }
}

/** KMIP_CLIENT_CA_FILE, or null where it is not set. Throws TLS-FILES where it is no certificate. */
export async function givenAuthority(file: string | undefined): Promise<string | null> {
  if (!file) return null
  try {
    const pem = await readFile(file, 'utf8')
    if (!new X509Certificate(pem).ca) throw new Error('no CA')
    return pem
  } catch (error) {
    throw new EnvironmentError('TLS-FILES', `${file}: not the certificate of a CA in PEM`, { cause: error })
  }
}

/** The certificate of the server's own CA, which is made where there is none: it signs the server's and its clients'. */
export async function ownAuthority(state: StateFolder, now: Date): Promise<string> {
  const { certificate } = await startAuthority(state, now)
  return `${certificate.toString('pem')}\n`
}

/** A certificate and key for a client, signed by the server's own CA. */
export async function issueClientCertificate(
  state: StateFolder,
  { name, days }: { readonly name: string; readonly days: number },
  now: Date,
): Promise<TlsKey> {
  const ca = (await keptAuthority(state, now)) ?? (await makeAuthority(state, now))
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [name] }],
    issuer: ca.certificate.subject,
    notBefore: new Date(now.getTime() - earlier),
    notAfter: new Date(now.getTime() + days * day),
    publicKey: keys.publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ],
  })
  return { cert: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) }
}

type Authority = { readonly certificate: Certificate; readonly key: webcrypto.CryptoKey }

/** Replicas that share a folder may start at once: one makes it, and the others take that one. */
const startAuthority = async (state: StateFolder, now: Date): Promise<Authority> =>
  (await keptAuthority(state, now)) ??
  (await holdingState(
    state,
    'start',
    async () => (await keptAuthority(state, now)) ?? makeAuthority(state, now),
  ))

async function keptAuthority(state: StateFolder, now: Date): Promise<Authority | null> {
  const [cert, key] = await Promise.all([
    readIfPresent(state.caCertificate, maxPem),
    readIfPresent(state.caKey, maxPem),
  ])
  if (cert === 'absent' || key === 'absent') return null
  const pem = Buffer.from(cert).toString('latin1')
  // One that ends within a leaf's life makes room for the next.
  if (Date.parse(new X509Certificate(pem).validTo) < now.getTime() + 400 * day) return null
  const [der] = PemConverter.decode(Buffer.from(key).toString('latin1'))
  if (der === undefined) throw new EnvironmentError('STATE-DAMAGED', `${state.caKey} is no key`)
  return {
    certificate: new Certificate(pem),
    key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
  }
}

async function makeAuthority(state: StateFolder, now: Date): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Lux companion server CA ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now.getTime() - earlier),
    notAfter: new Date(now.getTime() + 3650 * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  await writeWhole(state.caKey, await pemOf(keys.privateKey))
  await writeWhole(state.caCertificate, `${certificate.toString('pem')}\n`, 0o644)
  return { certificate, key: keys.privateKey }
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

/** Positive, 120 bits. */
const serial = (): string => `4a${randomBytes(15).toString('hex')}`
