import { LinkChecker } from 'linkinator'

// Follows every link and fragment of the built site. Other hosts are not asked: what they say today is no property of the site.
const [folder] = process.argv.slice(2)
let own = null
const { links, passed } = await new LinkChecker().check({
  path: '.',
  serverRoot: folder,
  recurse: true,
  checkFragments: true,
  // Its server ends connections that were idle, which a request may meet on a busy machine. No answer is asked for again; a 404 is one.
  ...{ retryErrors: true, retryErrorsCount: 3 },
  linksToSkip: async (link) => {
    own ??= new URL(link).origin
    return new URL(link).origin !== own
  },
})
const broken = links.filter(({ state }) => state === 'BROKEN')
for (const { url, parent } of broken) process.stderr.write(`broken: ${url}, on ${parent}\n`)
const followed = links.filter(({ state }) => state === 'OK').length
process.stdout.write(`${followed} links followed, ${broken.length} broken\n`)
process.exitCode = passed && followed > 0 ? 0 : 1
