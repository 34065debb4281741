import { closeSync, fstatSync, fsyncSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { partsOf, syncFolder, withSystemErrors } from '@lux/node-files'

const chunk = new Uint8Array(1 << 16)

/**
 * Overwrites a file with zeros, in place and on disk, and removes it, and what a killed program left of it. What a disk or a file system
 * has copied stays.
 */
export function wipeFile(path: string): void {
  withSystemErrors(() => {
    wipeOne(path)
    // A link or a pipe of such a name is nothing that this program wrote.
    for (const part of partsOf(path)) if (lstatSync(part).isFile()) wipeOne(part)
    syncFolder(dirname(path))
  }, path)
}

function wipeOne(path: string): void {
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    for (let at = 0; at < size; ) at += writeSync(file, chunk, 0, Math.min(chunk.length, size - at), at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  rmSync(path)
}
