import { constants, createHash, createPrivateKey, privateDecrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { possessionChallenge, type State } from '@lux/ceremony'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { aesKwpWrap, fromHex, sha256Hex } from '@lux/crypto'
import { combineBackup, openMedium, parseMedium, readCustodianShare } from '@lux/crypto/backup'
import { openCustodianShare } from '@lux/people'
import { loadStandIns } from '../../../src/core/rehearsal/stand-ins.ts'

type Backup = State['backups'][number]

/** Null when every share that the run promised opens and is checked alone, and every t of them give the very root that was proved. */
export async function sharesFault(dir: string, state: State): Promise<string | null> {
  for (const backup of state.backups) {
    const words: string[] = []
    for (const share of backup.shares) {
      const opened = await wordsOf(dir, share)
      if (!opened.ok) return `share ${share.index} of ${backup.key}: ${opened.rule} ${opened.detail}`
      if (opened.value.share !== share.share) return `share ${share.index} of ${backup.key} is another one`
      if (!backup.acknowledged.includes(share.name)) return `${share.name} did not prove the share`
      words.push(opened.value.words)
    }
    for (let first = 0; first < words.length; first++) {
      const two = [words[first] ?? '', words[(first + 1) % words.length] ?? '']
      const fault = rootFault(dir, state, backup, two)
      if (fault !== null) return `${backup.key} by shares ${first + 1} and the next: ${fault}`
    }
  }
  return null
}

function wordsOf(dir: string, { index, name }: Backup['shares'][number]) {
  const bytes = (...names: string[]) => new Uint8Array(readFileSync(join(dir, ...names)))
  const policy = parsePolicyFile(bytes('policy.json'))
  const custodian = loadStandIns(dir).find((one) => one.role === 'custodian' && one.name === name)
  if (!policy.ok || custodian === undefined) throw new Error(`nobody stands in for ${name}`)
  const files = {
    policy: policy.value.policy,
    opening: bytes('opening.json'),
    envelope: bytes('backup', `custodian-${index}.age`),
    signature: bytes('backup', `custodian-${index}.sig`),
  }
  return openCustodianShare(files, custodian)
}

/** What these shares and the medium bring back, by the digest with which the token proved its root. */
function rootFault(dir: string, state: State, backup: Backup, words: readonly string[]): string | null {
  const sealed = new Uint8Array(readFileSync(join(dir, 'backup', `${backup.key}.medium`)))
  if (sha256Hex(sealed) !== backup.medium) return 'another medium'
  const shares = words.map((text) => {
    const read = readCustodianShare(text)
    if (!read.ok) throw new Error(read.detail)
    return read.value
  })
  const secret = combineBackup(shares)
  const medium = parseMedium(sealed)
  if (!secret.ok || !medium.ok) return 'no secret, or no medium'
  const opened = openMedium(medium.value, secret.value)
  if (!opened.ok) return opened.detail
  const { wrapped, privateKey } = opened.value
  const key = privateKey.use((der) =>
    createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
  )
  const root = privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, wrapped)
  const made = state.keys.find(({ id }) => id === backup.key)
  const proof = state.proofs.find((one) => one.key === backup.key)
  if (made === undefined || proof === undefined) return 'a root that nobody proved'
  const challenge = fromHex(possessionChallenge(made.bornIn, made.rootId))
  const digest = createHash('sha256')
    .update(aesKwpWrap(new Uint8Array(root), challenge))
    .digest('hex')
  return digest === proof.digest ? null : 'another root'
}
