import { registerHooks } from 'node:module'

// The server that is measured believes its rows while it is told to: what vouching for them costs is measured so. The server itself has
// no such switch.
globalThis.luxBench = { skips: () => false }
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/platform/database/authority/authority.ts')) return loaded
    const source = String(loaded.source)
    const begin = 'const by = known ?? (await keys())\n    if (isBlind())'
    if (!source.includes(begin)) throw new Error(`${url} does not vouch as it did`)
    return { ...loaded, source: source.replace(begin, `if (globalThis.luxBench.skips()) return;${begin}`) }
  },
})
