import { dirname, join, normalize } from 'node:path/posix'

const pages = /\.md(?=$|#)/

/** `guide/phone.md` -> `guide/phone`; `README.md` of a folder is the folder. */
export function slugOf(name: string): string {
  return name
    .replace(/\.md$/, '')
    .replace(/(^|\/)README$/, '')
    .toLowerCase()
}

/** A link of docs/NAME as the site has it; null: it leads to a file that is no page of the site. */
export function siteLink(name: string, href: string): string | null {
  if (/^[a-z]+:|^#/.test(href)) return href
  const [path = '', fragment] = href.split('#')
  const target = normalize(join(dirname(name), path))
  if (target.startsWith('images/')) return `/${target.slice('images/'.length)}`
  if (target.startsWith('..') || !pages.test(target)) return null
  return `/${slugOf(target)}/${fragment === undefined ? '' : `#${fragment}`}`
}

/** A page's text with the site's links; what leads to a file that is no page keeps its words and loses its link. */
export function withSiteLinks(name: string, text: string): string {
  return text.replaceAll(/(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, (all, picture, words, href) => {
    const link = siteLink(name, href)
    if (link === null) return picture === '!' ? all : words
    return `${picture}[${words}](${link})`
  })
}
