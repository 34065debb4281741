import { inNewFolder, mustHaveParent } from '@lux/node-files'
import {
  type FileFact,
  type KeyChildRequest,
  type KeyChildResult,
  runKeyChild,
} from '../../core/key-child/index.ts'
import { findParts } from '../../core/program.ts'
import { say } from '../shell/output.ts'

/** As `inNewFolder`, in a folder that is there: half a key is kept by nobody. Errors: FOLDER-MISSING. */
export async function inKeyFolder<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  mustHaveParent(path)
  return inNewFolder(path, () => false, work)
}

/** Ctrl-C ends the child, and the key with it. */
export async function inChild<Request extends KeyChildRequest>(
  request: Request,
): Promise<KeyChildResult<Request>> {
  const { execPath, keyChildEntry } = findParts()
  const abort = new AbortController()
  const stop = () => abort.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    return await runKeyChild(request, {
      execPath,
      entry: keyChildEntry,
      signal: abort.signal,
      onPhase: ({ phase, expectedSeconds }) =>
        say(`· ${phase}${expectedSeconds > 1 ? `, about ${expectedSeconds} s` : ''}`),
    })
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

/** A file as a line: path, size, digest. */
export function factLine({ path, sha256, size }: FileFact, note = ''): string {
  return `${path}  ${size} bytes  ${sha256}${note === '' ? '' : `  ${note}`}`
}
