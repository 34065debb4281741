type Policies = { createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown }

/**
 * With the page's policy: no text becomes markup or a script, and workers are files of this app. The browser asks it at each place where a
 * script is named. A browser without Trusted Types has the page's policy alone.
 */
export function keepToOwnScripts(policies: Policies | undefined, base: string): void {
  policies?.createPolicy('default', {
    createScriptURL(url) {
      const { origin, pathname, search, href } = new URL(url, base)
      const folder = new URL('./', base)
      const own = origin === folder.origin && pathname.startsWith(folder.pathname) && search === ''
      if (!own || !pathname.endsWith('.js')) throw new TypeError('not a script of this app')
      return href
    },
  })
}
