import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { digestOfFile, ExpectedError, readBounded } from '@lux/node-files'
import type { InputOf } from '../../../contract/index.ts'
import { copyToMedium } from '../../runs/effects/sealing/bundle.ts'
import { noteSent } from '../people.ts'
import { mustBeNewIn } from '../shared/granted-paths.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { requestsFor } from './requests.ts'

const maxRequest = 1 << 26
/** What a request of outbox.ts names its other files by: below the run's folder, and laid out so on the medium too. */
const others = ['envelope', 'envelopes', 'signature', 'public', 'opening', 'package', 'bundle'] as const

/**
 * Copies what people are asked for now, and the files that this names, into a folder that was chosen, to be carried to
 * their own devices; reads every copy back.
 */
export async function handOut(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.handOut'>,
): Promise<{ paths: string[] }> {
  const open = parts.runs.get(asked.id)
  const files = requestsFor(open)
  if (files.length === 0) throw new ExpectedError('FILE-MISSING', 'nobody is asked for anything now')
  const folder = parts.paths.folder(asked.folder)
  const run = open.run.folder.path
  const named = new Set(files.flatMap(namedIn).filter((name) => existsSync(join(run, name))))
  const copies = [
    ...files.map((from) => ({ from, to: join(folder, basename(from)) })),
    ...[...named].map((name) => ({ from: join(run, name), to: join(folder, name) })),
  ]
  for (const { to } of copies) mustBeNewIn(to)
  for (const { from, to } of copies) await copyAndCompare(from, to)
  const { needs } = open.run.view()
  if (needs?.kind === 'acknowledgements')
    noteSent(parts, open.run.folder, { holders: needs.missing, by: 'files' })
  return { paths: copies.map(({ to }) => to) }
}

/** Copies a file onto a medium, and reads it back. Errors: FILE-DAMAGED, those of the disk. */
export async function copyAndCompare(from: string, to: string): Promise<void> {
  const { readBack } = await copyToMedium(from, to)
  if (readBack !== (await digestOfFile(from)).sha256)
    throw new ExpectedError('FILE-DAMAGED', `${to} does not read back as it was written`)
}

function namedIn(request: string): string[] {
  const fields = Object.entries(
    Object(JSON.parse(new TextDecoder().decode(readBounded(request, maxRequest)))),
  )
  return fields
    .filter(([key]) => others.some((other) => other === key))
    .flatMap(([, value]) => value)
    .filter((value) => typeof value === 'string')
}
