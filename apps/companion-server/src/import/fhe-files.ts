import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleContents } from '@lux/ceremony/bundle'
import { syncFolder } from '../platform/state-folder/private-file.ts'

/** Keeps the public parts of a threshold key and of its next epoch, each a file named by its SHA-256: they are too large for rows. */
export async function keepFheFiles(contents: BundleContents, folder: string): Promise<void> {
  const { fhe, next } = contents.predicate
  const wanted = [fhe?.public, fhe?.compactPublicKey, fhe?.serverKey, fhe?.crs, next?.public]
  for (const digest of wanted) {
    if (digest === null || digest === undefined) continue
    const part = join(folder, `${digest}.part`)
    await rm(part, { force: true })
    const file = await open(part, 'wx', 0o600)
    try {
      for await (const chunk of contents.open(digest)) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, join(folder, digest))
  }
  if (wanted.some((digest) => typeof digest === 'string')) await syncFolder(folder)
}
