import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../root.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-site-'))
const out = join(folder, 'site')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function site(...args: readonly string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/site.ts'), out, ...args],
    {
      encoding: 'utf8',
    },
  )
  return { status, said: `${stdout}${stderr}` }
}

let built: ReturnType<typeof site>
beforeAll(() => {
  built = site()
}, 240_000)

test('SITE every page of docs is a page of the site, and every link and fragment in it leads somewhere', () => {
  expect(built).toMatchObject({ status: 0 })
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  )
  expect(pages.length).toBeGreaterThan(45)
  const places = pages.map((name) => name.replace(/(README)?\.md$/, '').toLowerCase())
  expect(places.filter((place) => !existsSync(join(out, place, 'index.html')))).toEqual([])
})

const htmlOf = () =>
  readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))

test('SITE every guide stands in the list beside the pages', () => {
  const list = /<nav[^>]*class="sidebar[\s\S]*?<\/nav>/.exec(
    readFileSync(join(out, 'install/index.html'), 'utf8'),
  )?.[0]
  const guides = readdirSync(join(root, 'docs/guide')).map((name) => name.replace(/\.md$/, ''))
  expect(guides.length).toBeGreaterThan(15)
  expect(guides.filter((name) => !list?.includes(`href="../guide/${name}/index.html"`))).toEqual([])
})

test('SITE read from a disk, every link leads to a file', () => {
  const lost = htmlOf()
    .filter((page) => page !== '404.html')
    .flatMap((page) =>
      [...readFileSync(join(out, page), 'utf8').matchAll(/<[^>]+?\s(?:href|src)="([^"]*)"/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^(?:[a-z]+:|#|\/\/)/.test(link))
        .map((link) => decodeURI(link.replace(/[?#].*$/, '')))
        .filter((link) => link.startsWith('/') || !existsSync(join(out, dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    )
  expect(lost).toEqual([])
})

test('SITE search is inside, and no page fetches anything from elsewhere', () => {
  expect(existsSync(join(out, 'pagefind/pagefind.js'))).toBe(true)
  const fetching =
    /<(?:script|img|iframe)[^>]+src="(?:https?:)?\/\/|<link[^>]+rel="(?:stylesheet|icon|preload|modulepreload)"[^>]*href="(?:https?:)?\/\//
  expect(htmlOf().filter((name) => fetching.test(readFileSync(join(out, name), 'utf8')))).toEqual([])
})

test('SITE a link to a page or a heading that is not there is found', () => {
  const page = join(out, 'install/index.html')
  appendFileSync(page, '<a href="/guide/no-such-page/">x</a><a href="/release/#no-such-heading">y</a>')
  const { status, said } = site('--links')
  expect(status).toBe(1)
  expect(said).toContain('guide/no-such-page')
  expect(said).toContain('release/#no-such-heading')
})
