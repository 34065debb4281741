import { closeSync, fstatSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { withSystemErrors } from '../core/core-error.ts'
import { syncFolder } from '../core/store/durable-file.ts'

const chunk = new Uint8Array(1 << 16)

/** Overwrites a file with zeros, in place and on disk, and removes it. What a disk or a file system has copied stays. */
export function wipeFile(path: string): void {
  withSystemErrors(() => {
    const file = openSync(path, 'r+')
    try {
      const { size } = fstatSync(file)
      for (let at = 0; at < size; ) at += writeSync(file, chunk, 0, Math.min(chunk.length, size - at), at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    rmSync(path)
    syncFolder(dirname(path))
  }, path)
}
