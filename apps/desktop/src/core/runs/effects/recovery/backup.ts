import { rmSync } from 'node:fs'
import { type EffectOf, possessionChallenge, type Results, type State } from '@lux/ceremony'
import { envelopeSignedBytes, signatureContext } from '@lux/ceremony/wire'
import { fromHex, fromUtf8 } from '@lux/crypto'
import type { TrustedWindow } from '@lux/hsm'
import { makeFolder } from '@lux/node-files'
import { runKeyChild } from '../../../key-child/client.ts'
import type { WrappedToBackup } from '../../../key-child/protocol.ts'
import { signAsCeremony } from '../../folder/ceremony-signer.ts'
import { backupFolder, custodianFile } from '../../folder/places.ts'
import type { RunContext } from '../context.ts'

type MadeBackup = NonNullable<Results['generate-root']['backup']>

/** A process of its own that holds the pair of a root's backup, from before the window to its dealing. */
export type BackupChild = {
  /** DER SPKI: one more destination of the window. */
  readonly publicKey: Uint8Array
  /** Over what the window proves the root that it wraps. */
  readonly challenge: Uint8Array
  /** Seals and deals; every envelope is signed and everything is on disk when it resolves. */
  deal(window: Pick<TrustedWindow, 'possession'>, wrapped: Uint8Array): Promise<MadeBackup>
  /** Ends the process, and with it the private key. */
  end(): void
}

/** Starts the backup of a root, or nothing where the plan has none. Errors: KEY-CHILD-…. */
export async function beginBackup(
  effect: EffectOf<'generate-root'>,
  run: RunContext,
): Promise<BackupChild | null> {
  const { backup } = effect
  if (backup === null) return null
  run.progress('backup-pair', null)
  const outDir = backupFolder(run.folder)
  // What an attempt that was given up had dealt is of a root that nobody has.
  rmSync(outDir, { recursive: true, force: true })
  makeFolder(outDir)
  const ended = new AbortController()
  const asked = Promise.withResolvers<Uint8Array>()
  const answered = Promise.withResolvers<WrappedToBackup>()
  const dealt = runKeyChild(
    {
      do: 'deal-backup',
      params: {
        domain: effect.domain,
        ceremonyId: effect.ceremonyId,
        key: effect.key.id,
        t: backup.t,
        n: backup.n,
        custodians: backup.custodians.map(({ index, name, card, recipient }) => ({
          index,
          name,
          cardDigest: card,
          recipient,
          card: fromUtf8(run.folder.card(card)),
        })),
        used: [...run.identifiers(), ...identifiersIn(run.folder.state)],
        outDir,
      },
    },
    {
      ...run.keyChild,
      signal: AbortSignal.any([run.signal, ended.signal]),
      answer: (publicKey) => {
        asked.resolve(publicKey)
        return answered.promise
      },
    },
  )
  dealt.catch((error) => asked.reject(error))
  const publicKey = new Uint8Array(await asked.promise)
  const challenge = possessionChallenge(effect.ceremonyId, effect.rootId)
  return {
    publicKey,
    challenge: fromHex(challenge),
    async deal({ possession }, wrapped) {
      if (possession === null) throw new Error('the window was opened with a challenge')
      run.progress('backup-deal', null)
      const proof = { mechanism: possession.mechanism.standard, digest: possession.digest }
      answered.resolve({ wrapped, possession: { ...proof, challenge } })
      const { timings: _timings, peakMemoryMiB: _peak, publicKey: digest, ...made } = await dealt
      run.folder.blobs.put(publicKey)
      const signer = run.folder.signer(run.hsm)
      for (const { index, envelope } of made.shares) {
        const context = signatureContext('share-envelope', effect.domain)
        const signature = await signAsCeremony(signer, context, envelopeSignedBytes(envelope))
        run.folder.writeDocument(`${custodianFile(index)}.sig`, signature)
      }
      const shares = made.shares.map((share) => ({ ...share }))
      return { ...made, publicKey: digest, possession: proof, shares }
    },
    end: () => ended.abort(),
  }
}

/** Identifiers of SLIP-39 of the backups that a run made or used. */
export function identifiersIn({ backups, recovery }: State): number[] {
  return [...backups, ...(recovery === null ? [] : [recovery.backup])].map(({ identifier }) => identifier)
}
