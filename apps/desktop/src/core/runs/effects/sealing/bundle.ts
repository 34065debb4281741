import { renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EffectOf } from '@lux/ceremony'
import {
  type BundleParts,
  buildPayload,
  preAuthentication,
  verifyBundle,
  writeBundle,
} from '@lux/ceremony/bundle'
import { encodeEntryLine, encodeHeaderLine } from '@lux/ceremony/transcript'
import { type Closeout, closeoutCodec, signatureContext } from '@lux/ceremony/wire'
import { type HybridSignature, type Json, joinBytes, sha256Hex } from '@lux/crypto'
import { verifyAttestation } from '@lux/hsm'
import {
  digestOfFile,
  ExpectedError,
  fileReader,
  halfOf,
  makeFolder,
  mustBeFolder,
  syncFolder,
  type Watch,
  watchedChunks,
  watchedReader,
  withSystemErrors,
  writeDurably,
  writeNewFile,
} from '@lux/node-files'
import { signAsCeremony } from '../../folder/ceremony-signer.ts'
import { mediumPath } from '../../folder/places.ts'
import { firstOfLine, type Lineage, type Perform, type RunContext } from '../context.ts'
import { leavesNothing, type Works } from '../work.ts'
import { bundleParts } from './bundle-parts.ts'

export const payloadFile = 'bundle-payload.json'
export const bundleFile = 'bundle.zip'

export const buildBundle: Perform<'build-bundle'> = async (effect, run) => {
  const lineages = effect.destinations.map(({ audience }) => run.lineage(audience))
  // Without the members that are undefined, which canonical JSON has no form for.
  const plain: Json = JSON.parse(JSON.stringify({ effect, ...keptLineages(lineages) }))
  run.folder.writeDocument('build-bundle.json', plain)
  const payload = buildPayload(bundleParts(effect, run, lineages))
  writeDurably(join(run.folder.path, payloadFile), payload)
  return { digest: sha256Hex(payload), subject: sha256Hex(preAuthentication(payload)), size: payload.length }
}

/** In build-bundle.json: of the first server, and of the others in their order. */
export type KeptLineages = { lineage: Lineage; others?: Lineage[] }

function keptLineages([lineage = firstOfLine, ...others]: readonly Lineage[]): KeptLineages {
  return others.length === 0 ? { lineage } : { lineage, others }
}

export const lineagesOf = ({ lineage, others = [] }: KeptLineages): Lineage[] => [lineage, ...others]

/** The parts and the payload as they were built, proved to be the same bytes still. */
function rebuilt(run: RunContext, digest: string): { parts: BundleParts; payload: Uint8Array } {
  // Written by buildBundle alone.
  const built = run.folder.readDocument('build-bundle.json') as unknown as {
    effect: EffectOf<'build-bundle'>
  } & KeptLineages
  const parts = bundleParts(built.effect, run, lineagesOf(built))
  const payload = buildPayload(parts)
  if (sha256Hex(payload) !== digest) {
    throw new ExpectedError(
      'FILE-DAMAGED',
      'the run’s files no longer give the bundle whose digest was read aloud',
    )
  }
  return { parts, payload }
}

export const signBundle: Perform<'sign-bundle'> = async (effect, run) => {
  const { payload } = rebuilt(run, effect.digest)
  const signature = await signAsCeremony(
    run.folder.signer(run.hsm),
    signatureContext('bundle', effect.domain),
    preAuthentication(payload),
  )
  return { digest: effect.digest, signature }
}

/** To a temporary file, fsynced, verified as anybody would, then renamed. Cancelled before that, nothing of it is left. */
export const writeBundleFile: Perform<'write-bundle'> = async (effect, run) => {
  const { parts, payload } = rebuilt(run, effect.digest)
  const path = join(run.folder.path, bundleFile)
  const temporary = `${path}.part`
  try {
    const watch: Watch = {
      signal: run.signal,
      progress: (fraction) => run.progress('write-bundle', fraction),
    }
    const size = [parts.transcript, ...parts.blobs].reduce((sum, one) => sum + one.size, 0)
    const chunks = writeBundle(parts, payload, bundleSignatures(run))
    await writeAnew(temporary, watchedChunks(chunks, halfOf(watch, 0), size))
    const reader = fileReader(temporary)
    try {
      const watched = watchedReader(reader, halfOf(watch, 1))
      const verdict = await verifyBundle(watched, { policy: run.policy, attestation: verifyAttestation })
      if (verdict.verdict !== 'accepted') {
        const failed = verdict.checks.filter(({ id }) => verdict.failed.includes(id))
        throw new ExpectedError(
          'BUNDLE-REFUSED',
          failed.map(({ id, detail }) => `${id}: ${detail}`).join('; '),
        )
      }
    } finally {
      reader.close()
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } finally {
    rmSync(temporary, { force: true })
  }
  writeTranscript(run)
  return { digest: effect.digest, ...(await digestOfFile(path)) }
}

/** To a new file: what a killed process left there, or somebody put there, is removed and never written through. */
async function writeAnew(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  withSystemErrors(() => rmSync(path, { force: true }), path)
  await writeNewFile(path, chunks)
}

function bundleSignatures(run: RunContext): HybridSignature[] {
  const all: HybridSignature[] = []
  for (const { kind, fact } of run.folder.entries()) {
    // The engine checked the facts' shapes before it let them in.
    const said = fact as {
      what?: string
      effect?: string
      signature?: HybridSignature
      result?: { signature?: HybridSignature }
    }
    if (kind === 'signature.accepted' && said.what === 'bundle' && said.signature) all.push(said.signature)
    if (kind === 'step.performed' && said.effect === 'sign-bundle' && said.result?.signature)
      all.push(said.result.signature)
  }
  return all
}

function writeTranscript(run: RunContext): void {
  const lines = [encodeHeaderLine(run.folder.header), ...[...run.folder.entries()].map(encodeEntryLine)]
  writeDurably(join(run.folder.path, 'transcript.jsonl'), joinBytes(lines))
}

export const writeMedium: Perform<'write-medium'> = async (effect, run) => {
  const from = join(run.folder.path, bundleFile)
  const medium = run.medium()
  // Never made where it was named: a stick that is not mounted would be a folder of the machine's own disk.
  if (dirname(medium) === run.folder.path) makeFolder(medium)
  mustBeFolder(medium)
  const to = join(medium, `bundle-${effect.digest.slice(0, 16)}.zip`)
  run.progress('write-medium', null)
  const { readBack } = await copyToMedium(from, to, {
    signal: run.signal,
    progress: (fraction) => run.progress('write-medium', fraction),
  })
  await writeBackups(run, medium)
  return { medium: to, sha256: effect.sha256, readBack }
}

/** A copy of every sealed medium that the run made, read back. Errors: BACKUP-MEDIUM-OTHER. */
async function writeBackups({ folder, signal }: RunContext, medium: string): Promise<void> {
  for (const { key, medium: sealed } of folder.state.backups) {
    const to = join(medium, `${folder.state.ceremonyId.slice(0, 16)}-${key}.medium`)
    const { readBack } = await copyToMedium(mediumPath(folder, key), to, {
      signal,
      progress: () => undefined,
    })
    if (readBack !== sealed)
      throw new ExpectedError('BACKUP-MEDIUM-OTHER', `${to}: SHA-256 ${readBack}, sealed as ${sealed}`)
  }
}

/** Copies a file, fsyncs it and reads the copy back. Cancelled, nothing of it is left. */
export async function copyToMedium(
  from: string,
  to: string,
  watch?: Watch,
): Promise<{ readBack: string; size: number }> {
  makeFolder(dirname(to))
  const file = fileReader(from)
  // It is written and then read back, so the writing is the first half.
  const reader = watch === undefined ? file : watchedReader(file, halfOf(watch, 0))
  try {
    await writeAnew(`${to}.part`, reader.chunks())
    renameSync(`${to}.part`, to)
    syncFolder(dirname(to))
  } finally {
    reader.close()
    rmSync(`${to}.part`, { force: true })
  }
  const { sha256, size } = await digestOfFile(to)
  watch?.progress(1)
  return { readBack: sha256, size }
}

export const closeOut: Perform<'close-out'> = async (effect, run) => {
  const { folder } = run
  const size = folder.state.size
  const closeout: Closeout = {
    v: 1,
    kind: 'closeout',
    domain: effect.domain,
    ceremonyId: effect.ceremonyId,
    bundleDigest: folder.state.bundle?.digest ?? '',
    lastCheckpoint: effect.checkpoint.digest,
    receipts: effect.receipts.map(({ digest }) => digest),
    entries: [...folder.entries(effect.checkpoint.size)],
    ...folder.headAt(size),
    time: run.clock.now(),
  }
  const payload = closeoutCodec.signedBytes(closeout)
  const signature = await signAsCeremony(
    folder.signer(run.hsm),
    signatureContext('closeout', effect.domain),
    payload,
  )
  folder.writeDocument('closeout.json', { payload: closeout, signatures: [signature] })
  return { digest: sha256Hex(payload), signature }
}

export const works = {
  'build-bundle': { perform: buildBundle, look: leavesNothing },
  'sign-bundle': { perform: signBundle, look: leavesNothing },
  'write-bundle': { perform: writeBundleFile, look: leavesNothing, stops: true },
  'write-medium': { perform: writeMedium, look: leavesNothing, stops: true },
  'close-out': { perform: closeOut, look: leavesNothing },
} satisfies Works<'build-bundle' | 'sign-bundle' | 'write-bundle' | 'write-medium' | 'close-out'>
