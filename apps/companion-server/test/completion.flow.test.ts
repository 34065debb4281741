import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli } from './support/commands.ts'

const said = (...args: string[]): string =>
  execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const folder = mkdtempSync(join(tmpdir(), 'lux-completion-'))
const list = join(folder, 'loaded')
/** Writes down where each module was loaded from: in a file, for a pipe may be full. */
const tellModules = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
import { appendFileSync } from 'node:fs'
registerHooks({ load: (url, context, next) => (appendFileSync(${JSON.stringify(list)}, url), next(url, context)) })`)}`

let places: ReadonlyMap<string, readonly string[]>
let script = ''
let page = ''
let loaded = ''
beforeAll(() => {
  script = said('completion', 'bash')
  const manual = spawnSync(process.execPath, ['--import', tellModules, cli, 'manual'], { encoding: 'utf8' })
  page = manual.stdout
  loaded = readFileSync(list, 'utf8')
  places = new Map(
    [...script.matchAll(/^ {4}'([a-z -]*)'\) next='(.*)' ;;$/gm)].map(([, words = '', next = '']) => [
      words,
      next.split(' '),
    ]),
  )
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('COMPLETION bash knows every command and option of the server under the program’s own name', () => {
  expect(places.size).toBeGreaterThan(20)
  expect(places.get('')).toEqual(
    expect.arrayContaining(['init', 'start', 'completion', '--state', '--version']),
  )
  expect(script).toContain('complete -o default -F _custody_server custody-server')
})

test('MANUAL every command of the completion stands in the page, and says what is required', () => {
  const plain = page.replaceAll('\\-', '-')
  for (const [words, next] of places) {
    const group = next.some((word) => !word.startsWith('--'))
    if (words !== '' && !group) expect(plain).toContain(`.SS custody-server ${words}`)
  }
  expect(plain).toContain('(required)')
})

test('COMMAND-LOADS what tells of commands loads no database and no server', () => {
  const packages = [...loaded.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name)
  expect(packages).toContain('commander')
  const served = ['fastify', 'kysely', '@fastify/type-provider-typebox', '@grpc/grpc-js', 'typebox']
  expect(served.filter((name) => packages.includes(name))).toEqual([])
})

test('HELP-EXAMPLES each example of the server names commands and options that there are', () => {
  const examples = [...page.replaceAll('\\-', '-').matchAll(/^\s*\$ custody-server (.*)$/gm)]
  expect(examples.length).toBeGreaterThan(1)
  for (const [, line = ''] of examples) {
    const words = line.split(' ')
    let place = ''
    for (const word of words) {
      const deeper = place === '' ? word : `${place} ${word}`
      if (places.has(deeper)) place = deeper
    }
    expect(place, line).not.toBe('')
    const options = words.filter((word) => word.startsWith('--'))
    const known = [...(places.get('') ?? []), ...(places.get(place) ?? [])]
    expect(
      options.filter((option) => !known.includes(option)),
      line,
    ).toEqual([])
  }
})
