import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'

type Ended = { readonly status: number | null; readonly out: string }

function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  input = '',
): Ended {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    env,
    input,
    encoding: 'utf8',
  })
  if (error) throw error
  return { status, out: `${stdout}${stderr}` }
}

const tool = (name: string): string => join(root, '.lux/python/bin', name)
const dockerfile = readFileSync(join(root, 'Dockerfile.standalone-kms'), 'utf8')
const passed = { status: 0, out: '' }

test('DELIVERY-IMAGE hadolint finds no fault in the Dockerfile, and finds one where it runs as root', () => {
  // Debian keeps one version of a package: what pins an image is the digest of its base.
  const hadolint = (text: string) => run(tool('hadolint'), ['--ignore', 'DL3008', '-'], process.env, text)
  expect(hadolint(dockerfile)).toEqual(passed)
  expect(hadolint(dockerfile.replace('USER 10001:10001', 'USER root')).out).toContain('DL3002')
})

test('DELIVERY-IMAGE shellcheck finds no fault in the launchers and scripts that are delivered', () => {
  const scripts = [
    'custody',
    'custody-server',
    'apps/desktop/launchers/custody',
    'container/database-roles.sh',
  ]
  expect(run(tool('shellcheck'), ['--shell=sh', ...scripts])).toEqual(passed)
})

test.each(['dev', 'prod'])(
  'DELIVERY-COMPOSE the server of docker-compose.%s.yml has no rights, and cannot write to itself',
  (kind) => {
    const digests = { LUX_CUSTODY_IMAGE: 'lux@sha256:0', POSTGRES_IMAGE: 'postgres@sha256:0' }
    const named = { ...digests, PKCS11_FOLDER: '/opt/pkcs11' }
    const { status, out } = run('docker-compose', ['-f', `docker-compose.${kind}.yml`, 'config'], {
      ...process.env,
      ...named,
    })
    expect({ status, out }).toMatchObject({ status: 0 })
    for (const service of ['migrate', 'server']) {
      const text = new RegExp(`^  ${service}:\n((?:    .*\n)+)`, 'm').exec(out)?.[1] ?? ''
      for (const rule of ['read_only: true', 'cap_drop:\n    - ALL', 'no-new-privileges:true'])
        expect({ service, rule, held: text.includes(rule) }).toEqual({ service, rule, held: true })
    }
    expect(out).not.toMatch(/privileged: true|network_mode: host|user: (root|0)\b/)
  },
)

test('DELIVERY-COMPOSE production names no image, library or password by itself, and its images by digest', () => {
  const { LUX_CUSTODY_IMAGE: _own, POSTGRES_IMAGE: _other, PKCS11_FOLDER: _folder, ...env } = process.env
  const config = (more: NodeJS.ProcessEnv) =>
    run('docker-compose', ['-f', 'docker-compose.prod.yml', 'config'], { ...env, ...more })
  for (const [given, wanted] of [
    [{ POSTGRES_IMAGE: 'postgres@sha256:0' }, 'name the image with its digest'],
    [{ LUX_CUSTODY_IMAGE: 'lux@sha256:0' }, 'name the image of PostgreSQL 17 with its digest'],
  ] as const) {
    const { status, out } = config(given)
    expect(status).not.toBe(0)
    expect(out).toContain(wanted)
  }
  const images = [...dockerfile.matchAll(/^(?:FROM|ARG BASE=) ?(\S+)/gm)].map(([, image]) => image)
  expect(images).toHaveLength(3)
  for (const image of images) expect(image).toMatch(/^docker\.io\/library\/debian@\$\{DIGEST\}$|^\$\{BASE\}$/)
  expect(dockerfile).toMatch(/^ARG DIGEST$/m)
  expect(readFileSync(join(root, 'docker-compose.prod.yml'), 'utf8')).not.toMatch(/PASSWORD: |postgres:\/\//)
})
