import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

const blockSize = 4 * 1024 * 1024

type Listed = { size: number; blockSize: number; blocks: string[] }

/**
 * What the packaged app expects beside its archive, each file by SHA-256 of its blocks as the archive's own header has it
 * for what is unpacked from it. `copied` is electron-builder.yml's extraResources: from here, to there.
 */
export function shippedList(copied: readonly { from: string; to: string }[]): Record<string, Listed> {
  const files = copied.flatMap(({ from, to }) =>
    statSync(from).isFile()
      ? [[to, from] as const]
      : readdirSync(from, { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => [`${to}/${relative(from, path)}`, path] as const),
  )
  return Object.fromEntries(files.map(([name, path]) => [name, listed(readFileSync(path))]))
}

function listed(bytes: Buffer): Listed {
  const blocks = Array.from({ length: Math.ceil(bytes.length / blockSize) }, (_, index) =>
    createHash('sha256')
      .update(bytes.subarray(index * blockSize, (index + 1) * blockSize))
      .digest('hex'),
  )
  return { size: bytes.length, blockSize, blocks }
}
