import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { possessionChallenge, readEntry } from '@lux/ceremony'
import type { Predicate } from '@lux/ceremony/bundle'
import { type ShareRequest, shareRequestCodec, signatureContext } from '@lux/ceremony/wire'
import { sealIdentityOf, sha256Hex, utf8, wipe } from '@lux/crypto'
import { parseMedium } from '@lux/crypto/backup'
import { ExpectedError, makeFolder, readBounded } from '@lux/node-files'
import { sealSeed, signAsCeremony } from '../../folder/ceremony-signer.ts'
import { backupFolder, mediumPath, releaseKeyPath, shareRequestFile } from '../../folder/places.ts'
import type { RunFolder } from '../../folder/run-folder.ts'
import type { Perform } from '../context.ts'
import { type Collected, signedDocument } from '../sealing/bundle-threshold.ts'
import { leavesNothing, type Works } from '../work.ts'

const maxMedium = 16_384

/** Whether it is the one that was sealed, the engine says. Errors: BACKUP-MEDIUM-MISSING, BACKUP-MEDIUM-…, BACKUP-MEDIUM-OTHER. */
export const checkMedium: Perform<'check-medium'> = async ({ root, medium }, { folder }) => {
  const digest = sha256Hex(readMedium(folder, root))
  if (digest !== medium)
    throw new ExpectedError('BACKUP-MEDIUM-OTHER', `SHA-256 ${digest}, the plan says ${medium}`)
  return { medium: digest }
}

/**
 * Makes what shares are sealed to, and the request that names it, signed by the ceremony key. What opens them is sealed under the token's
 * key as the ceremony key's seed is, so it dies with that. Taken again it is the same.
 */
export const askShares: Perform<'ask-shares'> = async (effect, run) => {
  const { folder, entropy } = run
  const { domain, ceremonyId, use, backup, custodians } = effect
  const signer = folder.signer(run.hsm)
  if (!folder.has(shareRequestFile)) {
    makeFolder(backupFolder(folder))
    const { identity, recipient } = await sealIdentityOf(entropy)
    const seed = utf8(identity)
    await sealSeed({ ...signer, seed, nonce: entropy.bytes(12), path: releaseKeyPath(folder) })
    wipe(seed)
    const { key, set, identifier, t, shares } = backup
    const of = { domain, ceremonyId, use, key, set, identifier, t, custodians, shares, recipient }
    const payload: ShareRequest = { v: 1, kind: 'share-request', ...of }
    const context = signatureContext('share-request', domain)
    const signature = await signAsCeremony(signer, context, shareRequestCodec.signedBytes(payload))
    folder.writeDocument(shareRequestFile, { payload, signatures: [signature] })
  }
  const read = shareRequestCodec.file.check(folder.readDocument(shareRequestFile))
  const signature = read.ok ? read.value.signatures[0] : undefined
  if (!read.ok || signature === undefined) throw new ExpectedError('FILE-DAMAGED', shareRequestFile)
  const { payload } = read.value
  return { digest: shareRequestCodec.payload.digest(payload), recipient: payload.recipient, signature }
}

/** The copy of the sealed medium that lies in the run's folder. */
export function readMedium(folder: RunFolder, root: string): Uint8Array {
  const path = mediumPath(folder, root)
  if (!existsSync(path))
    throw new ExpectedError(
      'BACKUP-MEDIUM-MISSING',
      `${relative(folder.path, path)} is not in the run’s folder`,
    )
  const bytes = readBounded(path, maxMedium)
  const parsed = parseMedium(bytes)
  if (!parsed.ok) throw new ExpectedError(parsed.rule, parsed.detail)
  return bytes
}

/** The backup of an earlier ceremony that the run used, with every custodian's statement. */
export function recoveryOf(folder: RunFolder, collected: Collected): Pick<Predicate, 'recovery'> {
  const { plan, recovery } = folder.state
  if (plan.recovery === undefined || recovery === null) return {}
  const statements: NonNullable<Predicate['recovery']>['statements'] = []
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (!read.ok || read.entry.kind !== 'custodian.stated') continue
    const { index, name } = read.entry.fact.payload
    statements.push({ index, name, document: collected.json(signedDocument(read.entry.fact)) })
  }
  const { use } = plan.recovery
  const { backup, restored, zeroised } = recovery
  const sorted = statements.toSorted((a, b) => a.index - b.index)
  if (restored === null) return { recovery: { use, backup, statements: sorted } }
  const { token, serial, evidence, mechanism, digest, shares } = restored
  const { ckaId, level, attributes } = evidence
  const challenge = possessionChallenge(backup.ceremonyId, backup.rootId)
  return {
    recovery: {
      ...{ use, backup, statements: sorted },
      request: collected.json(folder.readDocument(shareRequestFile)),
      restored: { token, serial, ckaId, evidence: level, attributes, mechanism, challenge, digest, shares },
      ...(zeroised ? { zeroised: { token, serial } } : {}),
    },
  }
}

export const works = {
  'check-medium': { perform: checkMedium, look: leavesNothing },
  'ask-shares': { perform: askShares, look: leavesNothing },
} satisfies Works<'check-medium' | 'ask-shares'>
