import { constants, createPrivateKey, createPublicKey, publicEncrypt } from 'node:crypto'
import { custodianShareCodec, type DealtBackup } from '@lux/ceremony/wire'
import { fromHex, openWith, type Secret, sha256Hex, wipe } from '@lux/crypto'
import {
  type CustodianShare,
  checkShare,
  combineBackup,
  openMedium,
  parseMedium,
  readCustodianShare,
} from '@lux/crypto/backup'
import { ExpectedError, readBounded } from '@lux/node-files'
import { openRoot, possessionOf } from './deal-backup.ts'
import type { Phases } from './phases.ts'
import type { RestoreBackup } from './protocol.ts'

const maxFile = 32_768

type Params = RestoreBackup['params']

/**
 * Opens the shares that were given and each alone, then the medium with them, proves the root that comes out, and wraps it to the token's
 * pair. Throws ExpectedError SEAL-…, CUSTODIAN-…, BACKUP-…: each names whose share it is about.
 */
export async function restoreBackup(params: Params, phases: Phases): Promise<{ wrapped: Uint8Array }> {
  const { backup, medium: path, releases, challenge, spki } = params
  return phases.run('restore', 2, async () => {
    const shares: CustodianShare[] = []
    try {
      for (const release of releases) shares.push(await shareOf(release, params))
      const secret = need(combineBackup(shares))
      const root = rootOf(readMedium(path, backup), secret)
      try {
        const { mechanism } = backup
        if (possessionOf(root, { mechanism, challenge }) !== backup.possession)
          throw new ExpectedError('RECOVERY-ROOT-OTHER', 'the medium holds another root than the plan names')
        const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
        const padding = constants.RSA_PKCS1_OAEP_PADDING
        return { wrapped: new Uint8Array(publicEncrypt({ key, padding, oaepHash: 'sha1' }, root)) }
      } finally {
        wipe(root)
      }
    } finally {
      for (const { value } of shares) value.wipe()
    }
  })
}

async function shareOf(
  { index, name, path }: Params['releases'][number],
  { identity, backup, domain, ceremonyId }: Params,
): Promise<CustodianShare> {
  const of = (detail: string) => `share ${index} of ${name}: ${detail}`
  const plain = await openWith(identity, readBounded(path, maxFile))
  const content = custodianShareCodec.parse(plain)
  wipe(plain)
  if (!content.ok) throw new ExpectedError(content.rule, of(content.detail))
  const said = content.value
  if (said.domain !== domain || said.ceremonyId !== ceremonyId || said.name !== name)
    throw new ExpectedError('CUSTODIAN-OTHER', of(`it was given by ${said.name} to ${said.ceremonyId}`))
  const read = readCustodianShare(said.words)
  if (!read.ok) throw new ExpectedError(read.rule, of(read.detail))
  const { set, identifier, t, shares } = backup
  const commitment = fromHex(shares[index - 1] ?? '')
  const verdict = checkShare(read.value, { set: fromHex(set), identifier, t, index, commitment })
  if (verdict.ok) return read.value
  read.value.value.wipe()
  throw new ExpectedError(verdict.rule, of(verdict.detail))
}

function readMedium(path: string, backup: DealtBackup) {
  const bytes = readBounded(path, maxFile)
  const digest = sha256Hex(bytes)
  if (digest !== backup.medium)
    throw new ExpectedError('BACKUP-MEDIUM-OTHER', `SHA-256 ${digest}, the plan says ${backup.medium}`)
  return need(parseMedium(bytes))
}

function rootOf(medium: ReturnType<typeof readMedium>, secret: Secret): Uint8Array {
  try {
    const { wrapped, privateKey } = need(openMedium(medium, secret))
    const spki = privateKey.use((der) =>
      createPublicKey(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })).export({
        format: 'der',
        type: 'spki',
      }),
    )
    if (sha256Hex(new Uint8Array(spki)) !== medium.header.publicKey) {
      privateKey.wipe()
      throw new ExpectedError('BACKUP-MEDIUM-INTEGRITY', 'its private key is not that of its header')
    }
    return openRoot(wrapped, privateKey)
  } finally {
    secret.wipe()
  }
}

function need<T>(outcome: { ok: true; value: T } | { ok: false; rule: string; detail: string }): T {
  if (!outcome.ok) throw new ExpectedError(outcome.rule, outcome.detail)
  return outcome.value
}
