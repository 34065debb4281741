import { createHash, randomFillSync } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readEntry, readZip } from '../packages/ceremony/src/bundle/zip-reader.ts'
import {
  type RandomAccess,
  verifyBundle,
  writeZip,
  type ZipSource,
} from '../packages/ceremony/src/exports/bundle.ts'
import { policyFileCodec } from '../packages/ceremony/src/exports/policy.ts'
import {
  fileReader,
  halfOf,
  type Watch,
  watchedChunks,
  watchedReader,
} from '../packages/node-files/src/index.ts'

/** Bytes of a server key with squashing. */
const largest = 331_000_000

/**
 * `make FOLDER` makes a bundle with a server key of that length, in memory. `measure FOLDER` reads it as a file, builds it anew, and
 * verifies the result. It reports by how many KiB this process's memory grew, beyond the same with a small bundle.
 */
const [what, folder = ''] = process.argv.slice(2)
if (what === 'make') await make()
else process.stdout.write(`${await measure()}\n`)

async function make(): Promise<void> {
  // By its path: what the tests share is no part of the bench, and what measures does not load it.
  const { sampleBundle } = await import(
    pathToFileURL(join(import.meta.dirname, '../packages/ceremony/test/support/sample-bundle.ts')).href
  )
  for (const [name, length] of [
    ['small', 8192],
    ['large', largest],
  ] as const) {
    const serverKey = randomFillSync(new Uint8Array(length))
    const made = await sampleBundle({ fhe: true, serverKey })
    await writeFile(join(folder, `${name}.zip`), made.bytes)
    await writeFile(join(folder, `${name}.json`), policyFileCodec.encode(made.policy))
  }
}

async function measure(): Promise<number> {
  await again('small')
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let most = before
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 10)
  await again('large')
  clearInterval(look)
  return Math.round((Math.max(most, process.memoryUsage.rss()) - before) / 1024)
}

async function again(name: string): Promise<void> {
  const policy = policyFileCodec.parse(new Uint8Array(await readFile(join(folder, `${name}.json`))))
  if (!policy.ok) throw new Error(policy.detail)
  const built = join(folder, `${name}-built.zip`)
  const watch: Watch = { signal: new AbortController().signal, progress: () => undefined }
  const reader = fileReader(join(folder, `${name}.zip`))
  const file = openSync(built, 'wx')
  for await (const chunk of watchedChunks(writeZip(await sourcesOf(reader)), halfOf(watch, 0), reader.size))
    for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
  closeSync(file)
  reader.close()
  const result = fileReader(built)
  const watched = watchedReader(result, halfOf(watch, 1))
  const { verdict, checks } = await verifyBundle(watched, { policy: policy.value })
  result.close()
  const fault = checks.find(({ ok }) => ok !== true)
  if (verdict !== 'accepted') throw new Error(`${fault?.id}: ${fault?.detail}`)
  await rm(built)
}

async function sourcesOf(reader: RandomAccess): Promise<ZipSource[]> {
  const read = await readZip(reader)
  if (!read.ok) throw new Error(read.detail)
  const sources: ZipSource[] = []
  for (const entry of read.value.entries) {
    const hash = createHash('sha256')
    for await (const chunk of readEntry(reader, entry)) hash.update(chunk)
    const { name, size } = entry
    sources.push({ name, size, sha256: hash.digest('hex'), open: () => readEntry(reader, entry) })
  }
  return sources
}
