import {
  constants,
  createHash,
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { custodianShareCodec } from '@lux/ceremony/wire'
import { aesKwpWrap, aesKwWrap, fromHex, Secret, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  combineBackup,
  commitShare,
  custodianWords,
  dealBackup,
  openMedium,
  parseMedium,
  readCustodianShare,
  sealMedium,
} from '@lux/crypto/backup'
import { ExpectedError, readBounded } from '@lux/node-files'
import { systemEntropy } from '../system.ts'
import { checkCard } from './deal-and-seal.ts'
import { writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { DealBackup, DealBackupResult, WrappedToBackup } from './protocol.ts'

const maxMedium = 16_384
const rootLength = 32

/**
 * Makes the pair to which a window wraps the root, and when the wrapped root is there seals both under a fresh secret, shares
 * it, and proves that all shares together with the medium as it was read back give the root. Throws ExpectedError BACKUP-…, SEAL-….
 */
export async function dealRootBackup(
  params: DealBackup['params'],
  phases: Phases,
  ask: (publicKey: Uint8Array) => Promise<WrappedToBackup>,
): Promise<Omit<DealBackupResult, 'timings' | 'peakMemoryMiB'>> {
  const { domain, ceremonyId, key, t, n, custodians, used, outDir } = params
  for (const custodian of custodians) checkCard(custodian, params)
  const pair = await phases.run('backup-pair', 3, () =>
    promisify(generateKeyPair)('rsa', {
      modulusLength: 4096,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    }),
  )
  const publicKey = new Uint8Array(pair.publicKey)
  const privateKey = Secret.take(new Uint8Array(pair.privateKey))
  const { wrapped, possession } = await ask(publicKey)
  return phases.run('deal', 2, async () => {
    const dealt = dealBackup({ t, n }, { entropy: systemEntropy, used: new Set(used) })
    if (!dealt.ok) throw new ExpectedError(dealt.rule, dealt.detail)
    const { secret, identifier, shares } = dealt.value
    const set = systemEntropy.bytes(16)
    const commitments = shares.map((share) => toHex(commitShare(set, share)))
    const header = {
      domain,
      ceremonyId,
      key,
      set: toHex(set),
      identifier,
      t,
      n,
      publicKey: sha256Hex(publicKey),
      mechanism: 'RSA-OAEP-SHA1',
      wrapped: sha256Hex(wrapped),
      shares: commitments,
    } as const
    const medium = sealMedium(header, { wrapped, privateKey }, { secret, entropy: systemEntropy })
    const path = join(outDir, `${key}.medium`)
    const file = writeFact(path, medium)
    const words = shares.map(custodianWords)
    const proof = provedBy({ path, words, mechanism: possession.mechanism, challenge: possession.challenge })
    if (proof !== possession.digest) throw otherRoot()
    const sealed = await Promise.all(
      custodians.map(async ({ index, name, recipient }, at) => {
        const share = commitments[at] ?? ''
        const content = custodianShareCodec.encode({
          v: 1,
          kind: 'custodian-share',
          ...{ domain, ceremonyId, key, set: header.set, identifier, t, n, index, name, share },
          words: words[at] ?? '',
        })
        const envelope = await sealTo([recipient], content)
        wipe(content)
        const fact = writeFact(join(outDir, `custodian-${index}.age`), envelope)
        return { index, name, share, envelope: fact.sha256 }
      }),
    )
    secret.wipe()
    privateKey.wipe()
    for (const { value } of shares) value.wipe()
    return {
      set: header.set,
      identifier,
      publicKey: header.publicKey,
      wrapped: header.wrapped,
      medium: file.sha256,
      shares: sealed,
    }
  })
}

/** The possession proof of the root that the medium on disk gives with all the words, as whoever restores would get it. */
function provedBy(of: {
  path: string
  words: readonly string[]
  mechanism: string
  challenge: string
}): string {
  const parsed = parseMedium(readBounded(of.path, maxMedium))
  if (!parsed.ok) throw new ExpectedError(parsed.rule, parsed.detail)
  const shares = of.words.map((text) => {
    const read = readCustodianShare(text)
    if (!read.ok) throw new ExpectedError(read.rule, read.detail)
    return read.value
  })
  const secret = combineBackup(shares)
  for (const { value } of shares) value.wipe()
  if (!secret.ok) throw new ExpectedError(secret.rule, secret.detail)
  const opened = openMedium(parsed.value, secret.value)
  secret.value.wipe()
  if (!opened.ok) throw new ExpectedError(opened.rule, opened.detail)
  const root = openRoot(opened.value.wrapped, opened.value.privateKey)
  try {
    return possessionOf(root, of)
  } finally {
    wipe(root)
  }
}

/** The root itself, which the caller wipes. */
export function openRoot(wrapped: Uint8Array, privateKey: Secret): Uint8Array {
  const key: KeyObject = privateKey.use((der) =>
    createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
  )
  privateKey.wipe()
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const root = new Uint8Array(privateDecrypt({ key, padding, oaepHash: 'sha1' }, wrapped))
  if (root.length === rootLength) return root
  wipe(root)
  throw otherRoot()
}

/** SHA-256 of the challenge wrapped under the root, as a token makes it. */
export function possessionOf(
  root: Uint8Array,
  { mechanism, challenge }: { mechanism: string; challenge: string },
): string {
  const wrap = mechanism === 'KW-RFC3394' ? aesKwWrap : aesKwpWrap
  return createHash('sha256')
    .update(wrap(root, fromHex(challenge, 32)))
    .digest('hex')
}

function otherRoot(): ExpectedError {
  return new ExpectedError(
    'BACKUP-ROOT-OTHER',
    'what the backup gives back is not the root in the token; the root was not kept, and no share of this backup is of any use',
  )
}
