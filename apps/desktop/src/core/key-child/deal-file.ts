import { join } from 'node:path'
import { toHex, wipe } from '@lux/crypto'
import {
  dealFheKey,
  largestBudgets,
  MAX_SHARE,
  readSecretKey,
  recoverFheKey,
  verifyShare,
} from '@lux/crypto/fhe'
import { checkQuorum } from '@lux/crypto/sharing'
import { ExpectedError, readBounded } from '@lux/node-files'
import { systemEntropy } from '../system.ts'
import { digestsOfGiven } from './given-keys.ts'
import { writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { Deal, DealResult, FileFact, Recover } from './protocol.ts'

const MAX_CLIENT_KEY = 1 << 18
const SECRET_MODE = 0o600

/** Deals a client key on disk as a bare rehearsal: no names, no policy, shares in the open. Throws ExpectedError FHE-…. */
export async function dealFile(
  params: Deal['params'],
  phases: Phases,
): Promise<Omit<DealResult, 'timings' | 'peakMemoryMiB'>> {
  const { t, n, mode, outDir } = params
  const quorum = checkQuorum({ t, n })
  if (!quorum.ok) throw new ExpectedError(quorum.rule, quorum.detail)
  const clientKey = readBounded(params.clientKey, MAX_CLIENT_KEY)
  const secret = readSecretKey(clientKey)
  secret.wipe()
  const { type, squash } = secret
  if (type === 'TFHE_INTEGER' && mode === 'S' && !squash) {
    wipe(clientKey)
    throw new ExpectedError(
      'FHE-NO-SQUASH-KEY',
      'mode S opens squashed results, and this key has no squash key',
    )
  }
  const budgets =
    type === 'TFHE_BINARY'
      ? { ok: true as const, value: { at64: 0, at128: 0 } }
      : largestBudgets({ t, n }, { mode, squash })
  if (!budgets.ok) {
    wipe(clientKey)
    throw new ExpectedError(budgets.rule, budgets.detail)
  }
  const publicKeys = await digestsOfGiven(params, clientKey, type, phases).catch((error) => {
    wipe(clientKey)
    throw error
  })
  const dealt = await phases.run('deal', 1, () =>
    dealFheKey({
      clientKey,
      publicKeys,
      t,
      n,
      domain: 'rehearsal',
      roster: Array.from({ length: n }, (_, i) => ({ index: i + 1, name: '', card: '' })),
      policyHash: new Uint8Array(32),
      budgets: budgets.value,
      entropy: systemEntropy,
    }),
  )
  wipe(clientKey)
  if (!dealt.ok) throw new ExpectedError(dealt.rule, dealt.detail)
  const { pub, shares, keyId, epochId, commitmentsDigest } = dealt.value
  return phases.run('write', 1, () => ({
    keyId: toHex(keyId),
    epochId: toHex(epochId),
    commitments: toHex(commitmentsDigest),
    public: writeFact(join(outDir, 'public.bin'), pub),
    shares: shares.map((share, i) => {
      const fact = writeFact(join(outDir, `holder-${i + 1}.bin`), share, SECRET_MODE)
      wipe(share)
      return fact
    }),
  }))
}

const MAX_PUBLIC = 1 << 22

/** Puts a TFHE_BINARY key together out of bare rehearsal shares. Throws ExpectedError FHE-…. */
export async function recoverFile(
  { shares, public: pubPath, out }: Recover['params'],
  phases: Phases,
): Promise<{ clientKey: FileFact }> {
  const pub = readBounded(pubPath, MAX_PUBLIC)
  const verified = shares.map((path) => {
    const bytes = readBounded(path, MAX_SHARE)
    const share = verifyShare(bytes, pub)
    wipe(bytes)
    if (!share.ok) throw new ExpectedError(share.rule, `${path}: ${share.detail}`)
    return share.value
  })
  if (verified.some(({ share }) => share.header.domain === 'production')) {
    throw new ExpectedError(
      'FHE-WHOLE-KEY',
      'a production key is never put together out of files: only shares of a rehearsal are',
    )
  }
  const key = await phases.run('recover', 1, () => recoverFheKey(verified))
  if (!key.ok) throw new ExpectedError(key.rule, key.detail)
  const clientKey = await phases.run('write', 1, () => writeFact(out, key.value, SECRET_MODE))
  wipe(key.value)
  return { clientKey }
}
