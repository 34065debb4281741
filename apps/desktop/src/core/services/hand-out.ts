import { basename, join } from 'node:path'
import * as v from 'valibot'
import { CoreError } from '../core-error.ts'
import { copyToMedium } from '../run/perform/bundle.ts'
import { digestOfFile } from '../store/blob-folder.ts'
import { checked, hexId, path } from './checked.ts'
import { mustBeNewIn } from './granted-paths.ts'
import type { Parts } from './parts.ts'
import { requestsFor } from './requests.ts'

/** Copies what people are asked to sign into a folder that was chosen, to be carried to their own devices; reads it back. */
export async function handOut(parts: Parts, input: unknown): Promise<{ paths: string[] }> {
  const asked = checked(v.strictObject({ id: hexId, folder: path }), input)
  const files = requestsFor(parts.runs.get(asked.id))
  if (files.length === 0)
    throw new CoreError('FILE-MISSING', 'nobody is asked for a signature now', 'look at the step again')
  const folder = parts.paths.folder(asked.folder)
  const copies = files.map((from) => ({ from, to: join(folder, basename(from)) }))
  for (const { to } of copies) mustBeNewIn(to)
  for (const { from, to } of copies) {
    const { readBack } = await copyToMedium(from, to)
    if (readBack !== (await digestOfFile(from)).sha256)
      throw new CoreError('FILE-DAMAGED', `${to} does not read back as it was written`, 'use another medium')
  }
  return { paths: copies.map(({ to }) => to) }
}
