import { randomBytes } from 'node:crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import { checkRelease, checkReleased, checkStray, type ServedFile, strayPaths } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { readCard } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { originOf, releaseFile } from './origin.ts'

type VerifyOptions = { card: string; newest?: string }

const maxRelease = 1 << 20
const patience = 30_000

export function registerVerifyOrigin(group: Command, act: CommandLine['act']): void {
  group
    .command('verify-origin')
    .argument('<url>', 'where the app is served, such as https://shares.example')
    .description('Compare every file that an origin serves, and its headers, with the signed release.')
    .requiredOption('--card <card.json>', 'the card of the key that signs releases, taken by hand')
    .option('--newest <release.json>', 'the newest release that you know of: an older one is refused')
    .action((url: string, options: VerifyOptions) => act(() => verifyOrigin(url, options)))
    .addHelpText(
      'after',
      `
Run it from a machine that is neither the server's nor the origin's. It sees what is served to it, now: an origin can serve
somebody else another file, and a minute later everybody. It asks for addresses that the release has no file at, and refuses an
origin that answers; a file whose name it does not guess is not found. Unlock a phone with the network off.

An older release is signed as well. Keep the release.json of each new version, taken by hand, and name it with --newest.

Example:
  $ custody phone verify-origin https://shares.example --card release-card.json --newest release.json`,
    )
}

/** Errors: OPTION-ORIGIN, APP-RELEASE-UNREACHABLE, APP-RELEASE-MALFORMED, SIGNATURE-…, APP-RELEASE-ORIGIN, APP-RELEASE-OLD, APP-RELEASE-FILE, APP-RELEASE-HEADER. */
async function verifyOrigin(url: string, { card, newest: known }: VerifyOptions): Promise<Outcome> {
  const origin = originOf(url)
  const { keys } = readCard(card)
  const newest = known === undefined ? undefined : readBounded(known, maxRelease)
  const { bytes } = await served(origin, releaseFile, maxRelease)
  if (bytes === null) throw new ExpectedError('APP-RELEASE-UNREACHABLE', `${origin} serves no ${releaseFile}`)
  const release = accepted(checkRelease(bytes, { keys, origin, newest }))
  const { files, version, created } = release
  for (const file of files) accepted(checkReleased(file, await served(origin, file.path, file.size)))
  // What a browser gets that is sent there without a path.
  const index = files.find(({ path }) => path === 'index.html')
  if (index !== undefined) accepted(checkReleased(index, await served(origin, '', index.size)))
  for (const path of strayPaths(release, randomBytes(8).toString('hex')))
    accepted(checkStray(path, await served(origin, path, 0)))
  return {
    exit: 0,
    json: { ok: true, origin, version, created, files: files.length },
    text: [
      `${origin} serves the release ${version} of ${created}: ${files.length} files, each as it was signed and with its policy, and nothing else that was asked for`,
      ...(newest === undefined
        ? ['compare the version and the time with what was announced: an older release is signed too']
        : []),
    ].join('\n'),
  }
}

/** At most one byte more than `most`, which is then refused as another file; no bytes where the origin has none. Errors: APP-RELEASE-UNREACHABLE. */
async function served(origin: string, path: string, most: number): Promise<ServedFile> {
  try {
    const response = await fetch(new URL(path, `${origin}/`), {
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
    })
    const contentPolicy = response.headers.get('content-security-policy')
    if (!response.ok || response.body === null) return { bytes: null, contentPolicy }
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of response.body) {
      parts.push(part)
      length += part.length
      if (length > most) break
    }
    return { bytes: new Uint8Array(Buffer.concat(parts)), contentPolicy }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new ExpectedError(
      'APP-RELEASE-UNREACHABLE',
      `${origin}: ${cause instanceof Error ? cause.message : ''}`,
    )
  }
}
