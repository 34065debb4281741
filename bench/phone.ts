import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { timesToHeading } from '../e2e/any-host/browser.ts'
import { buildPhone } from '../scripts/build/phone.ts'
import { phoneOut, servePhone } from '../scripts/phone/serve.ts'
import { partialsInBrowser } from './phone-partial/partial.ts'
import { type Row, timeRow } from './row.ts'

const runs = 9
/** A phone's processor, beside the one of this machine. */
const slower = 4
const mostKb = 3000

/** The phone app's size, and the time from a cold start to a screen that takes input, beside an empty page. */
export async function benchPhone(): Promise<Row[]> {
  await buildPhone()
  const empty = mkdtempSync(join(tmpdir(), 'lux-empty-'))
  writeFileSync(join(empty, 'index.html'), '<!doctype html><title>empty</title><h1>Empty</h1>')
  const servers = await Promise.all([servePhone(phoneOut, 0), servePhone(empty, 0)])
  try {
    const [ours, bare] = servers.map((server) => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('nothing is served')
      return `http://127.0.0.1:${address.port}/`
    })
    if (ours === undefined || bare === undefined) throw new Error('nothing is served')
    const times = await timesToHeading({ ours, bare }, { runs, slower })
    return [
      weightRow(),
      ...(await partialRows()),
      timeRow({
        work: 'phone: cold start, CPU 4 times slower',
        ours: times.ours,
        limit: times.bare,
        goal: 1 / 3,
      }),
    ]
  } finally {
    for (const server of servers) server.close()
    rmSync(empty, { recursive: true, force: true })
  }
}

/** A first answer, from the share's bytes on; the limit is the phone's worker on a processor that is not slowed down. */
async function partialRows(): Promise<Row[]> {
  const slow = await partialsInBrowser({ runs, slower })
  const plain = await partialsInBrowser({ runs, slower: 1 })
  return Object.entries(slow.times).map(([name, ours]) =>
    timeRow({
      work: `phone: answer for ${name}, CPU ${slower} times slower`,
      ours,
      limit: plain.times[name] ?? [],
      memoryMiB: slow.peakMiB,
    }),
  )
}

/** Everything that the service worker keeps. */
function weightRow(): Row {
  const bytes = readdirSync(phoneOut, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  const kb = Math.round(bytes / 1000)
  return {
    work: 'phone: kept on the phone',
    unit: 'KB',
    ours: kb,
    limit: mostKb,
    ratio: Math.round((1000 * mostKb) / kb) / 1000,
    goal: 1,
    memoryMiB: null,
  }
}
