import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { encodeTranscript } from '@lux/ceremony/transcript'
import {
  digestOfFile,
  ExpectedError,
  makeFolder,
  readBounded,
  syncFolder,
  withSystemErrors,
  writeInFolder,
} from '@lux/node-files'
import type { InputOf, TakenAway, TakenFile } from '../../contract/index.ts'
import { bundleFile, copyToMedium } from '../runs/effects/sealing/bundle.ts'
import { mustBeNewIn } from './shared/granted-paths.ts'
import type { ServiceContext } from './shared/service-context.ts'

const transcriptFile = 'transcript.jsonl'
/** As `sha256sum --check` reads it. */
const sumsFile = 'SHA256SUMS'
const maxSums = 1 << 16

/** Writes all that leaves the room into a new folder of the one that was chosen, and reads each file back for its checksum. */
export async function takeAway(
  parts: ServiceContext,
  { id, folder, papers }: InputOf<'bundles.takeAway'>,
): Promise<TakenAway> {
  const { run } = parts.runs.get(id)
  const { bundle } = run.folder.state
  if (bundle?.sha256 == null)
    throw new ExpectedError('FILE-MISSING', 'this ceremony has no sealed bundle yet')
  const to = join(parts.paths.folder(folder), `ceremony-${bundle.digest.slice(0, 16)}`)
  mustBeNewIn(to)
  withSystemErrors(() => makeFolder(to))
  const from = join(run.folder.path, bundleFile)
  const { readBack } = await parts.files.run(parts, `take-away:${id}`, 'write-medium', (watch) =>
    copyToMedium(from, join(to, bundleFile), watch),
  )
  if (readBack !== bundle.sha256)
    throw new ExpectedError('FILE-DAMAGED', `${to} does not read back as it was written`)
  writeInFolder(join(to, transcriptFile), encodeTranscript(run.folder.header, [...run.folder.entries()]))
  for (const { name, pdf } of papers) writeInFolder(join(to, name), Buffer.from(pdf, 'base64'))
  const files = readdirSync(to).toSorted()
  const sums: string[] = []
  for (const name of files) sums.push(`${(await digestOfFile(join(to, name))).sha256}  ${name}\n`)
  writeInFolder(join(to, sumsFile), Buffer.from(sums.join('')))
  syncFolder(to)
  return { path: to, files: [...files, sumsFile] }
}

/** Where in a folder its bundle lies; null when `path` is no folder. */
export function bundleIn(path: string): string | null {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, bundleFile) : null
}

/** Every file of a folder that left the room, held against the checksums that went with it. */
export async function compareTaken(folder: string): Promise<TakenFile[]> {
  const listed = sumsOf(join(folder, sumsFile))
  const there = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== sumsFile)
  const found: TakenFile[] = []
  for (const [name, sha256] of listed) {
    const entry = there.find((one) => one.name === name)
    // Neither a link nor a folder is what was written.
    if (!entry?.isFile()) found.push({ name, state: 'missing' })
    else if ((await digestOfFile(join(folder, name))).sha256 === sha256) found.push({ name, state: 'same' })
    else found.push({ name, state: 'changed' })
  }
  for (const { name } of there) if (!listed.has(name)) found.push({ name, state: 'added' })
  return found
}

function sumsOf(path: string): Map<string, string> {
  const text = Buffer.from(readBounded(path, maxSums)).toString('utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      // A name with a separator would lead out of the folder.
      const [, sha256, name] = /^([0-9a-f]{64}) [ *]([^/\\]{1,200})$/.exec(line) ?? []
      if (sha256 === undefined || name === undefined)
        throw new ExpectedError('FILE-DAMAGED', `${path}: not a list of checksums`)
      return [name, sha256]
    }),
  )
}
