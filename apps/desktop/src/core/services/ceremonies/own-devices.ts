import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { RunView } from '@lux/ceremony'
import { holderAnswerCodec } from '@lux/ceremony/wire'
import { sha256Hex } from '@lux/crypto'
import { ExpectedError, writeDurably } from '@lux/node-files'
import type { InputOf } from '../../../contract/index.ts'
import { writeRequests } from '../../runs/exchange/outbox.ts'
import { approvedPackage } from '../../runs/folder/approved-package.ts'
import { decryptionFolder } from '../../runs/folder/places.ts'
import type { Run } from '../../runs/run/run.ts'
import { noteSent } from '../people.ts'
import { mustBeNewIn } from '../shared/granted-paths.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { epochPackage } from './epoch-files.ts'
import { copyAndCompare } from './hand-out.ts'

/** A part of a plaintext, sealed to its combiner. */
export const maxSealed = 1 << 20

/**
 * Writes for each holder of a rehearsal who is awaited with a device of their own one folder with everything that the device asks
 * for: nothing in it has to be looked for elsewhere. Reads every copy back.
 */
export async function handToHolders(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.handToHolders'>,
): Promise<{ paths: string[] }> {
  const { run, standIns } = parts.runs.get(asked.id)
  const view = run.view()
  const holders = awaitedHolders(view, standIns)
  const files = new Map(holders.map((name) => [name, filesFor(run, name)] as const))
  if ([...files.values()].every((some) => some.length === 0))
    throw new ExpectedError('FILE-MISSING', 'nobody is asked for anything now')
  const folder = parts.paths.folder(asked.folder)
  const places = [...files].map(([name, some]) => ({ place: join(folder, folderName(name)), some }))
  for (const { place } of places) mustBeNewIn(place)
  const paths: string[] = []
  for (const { place, some } of places) {
    mkdirSync(place)
    for (const { name, from } of some) {
      const to = join(place, name)
      await copyAndCompare(from, to)
      paths.push(to)
    }
  }
  if (view.needs?.kind === 'acknowledgements') noteSent(parts, run.folder, { holders, by: 'files' })
  return { paths }
}

/** Who is awaited with a device of their own, and who may still say what is left of the epoch before. */
export function awaitedHolders(
  { needs, unstated }: Pick<RunView, 'needs' | 'unstated'>,
  standIns: readonly { name: string }[],
): string[] {
  const simulated = new Set(standIns.map(({ name }) => name))
  const missing = needs !== null && 'missing' in needs ? needs.missing : []
  return [...new Set([...missing, ...unstated])].filter((name) => !simulated.has(name))
}

type File = { name: string; from: string }

/** Whether a holder is asked for something of a move of the key: a run may deal the key first, and ask for decryptions between. */
export function isOfMove({ plan }: Run['folder'], needs: RunView['needs']): boolean {
  if (plan.reshare === undefined || needs?.kind === 'answers' || needs?.kind === 'heartbeats') return false
  return needs?.kind !== 'acknowledgements' || needs.next
}

export function filesFor(run: Pick<Run, 'folder' | 'view'>, holder: string): File[] {
  const { folder } = run
  const view = run.view()
  const { needs } = view
  const at = (path: string, name = path.split('/').at(-1) ?? path): File => ({
    name,
    from: join(folder.path, path),
  })
  if (isOfMove(folder, needs)) {
    const epoch = epochPackage(folder, needs, holder)
    return epoch.length === 0 ? [] : ['policy.json', ...epoch].map((path) => at(path))
  }
  if (needs?.kind === 'heartbeats') {
    const [request] = writeRequests(folder, view)
    return request === undefined
      ? []
      : [at('policy.json'), { name: basename(request), from: request }, at('opening.json')]
  }
  if (needs?.kind === 'acknowledgements') {
    const index = folder.state.fhe?.shares.find((share) => share.holder === holder)?.index
    if (index === undefined) return []
    const stem = `envelopes/holder-${index}`
    return [at('policy.json'), at(`${stem}.age`), at(`${stem}.sig`), at('opening.json'), at('fhe/public.bin')]
  }
  if (needs?.kind === 'answers') {
    const id = needs.decryption
    const { package: taken, digest } = folder.state.decryptions.find((one) => one.id === id) ?? {}
    if (!taken || !digest) return []
    const request = `decryptions/${id}/request.json`
    folder.writeDocument(request, approvedPackage(folder, taken, digest))
    return [at(request), at(`decryptions/${id}/ciphertext-1.bin`)]
  }
  return []
}

/** A holder's name as a folder's, on any medium. */
function folderName(name: string): string {
  const safe = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '_')
    .trim()
  return safe === '' ? '_' : safe.slice(0, 64)
}

/**
 * Keeps the sealed part that came with a holder's answer, for the stand-in who combines the parts. It is one of the files `beside` the
 * answer, under any name; the answer has its digest. Other answers pass. Errors: ANSWER-PART-MISSING.
 */
export function keepSealedPart({ folder }: Run, bytes: Uint8Array, beside: () => Iterable<Uint8Array>): void {
  const answer = holderAnswerCodec.file.parse(bytes)
  if (folder.state.domain !== 'rehearsal' || !answer.ok || answer.value.payload.sealed === null) return
  const { request, holder, sealed } = answer.value.payload
  const decryption = folder.state.decryptions.find(({ digest }) => digest === request)
  // The engine says of an answer to nothing, and of a second one, what is wrong with it.
  if (decryption === undefined || decryption.answers.some((one) => one.holder === holder)) return
  for (const part of beside()) {
    if (part.length > maxSealed || sha256Hex(part) !== sealed) continue
    writeDurably(join(decryptionFolder(folder, decryption.id), `answer-${holder}.age`), part)
    return
  }
  throw new ExpectedError(
    'ANSWER-PART-MISSING',
    'none of the files that came with the answer is the part that it seals',
  )
}
