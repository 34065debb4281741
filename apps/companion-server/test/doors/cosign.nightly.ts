import { execFile, execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { startKmip } from './kmip/support/kmip-server.ts'

// The real cosign, which keeps its key at AWS KMS. It is built with Go (six minutes), which is why it is not in npm test; what it sends
// is sent there by the AWS SDK (aws.flow.test.ts).

const source = 'github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5'
let custody: Awaited<ReturnType<typeof startKmip>>
let folder = ''
let program = process.env.COSIGN_BIN ?? ''
let env: NodeJS.ProcessEnv = {}
let at = ''

beforeAll(async () => {
  folder = await makeFolder()
  if (program === '') {
    execFileSync('go', ['install', source], { env: { ...process.env, GOBIN: join(folder, 'bin') } })
    program = join(folder, 'bin/cosign')
  }
  custody = await startKmip()
  const { services, organisation, project, ca, server } = custody
  const place = { organisation: organisation.id, project: project.id }
  const { identity } = await createIdentity(services.database, {
    name: 'releases',
    grants: [
      { role: 'service', ...place },
      { role: 'crypto-officer', ...place },
    ],
  })
  const chief = {
    caller: {
      identity: 'chief',
      grants: [{ role: 'organisation-admin', organisation: organisation.id, project: null }],
    },
    ...({ door: 'direct', reqId: 'test', receipt: null } as const),
  } as const
  const { aws } = given(
    await services.credentials.addApiKey(chief, { identity, name: 'cosign', ttlSeconds: 3600 }),
  )
  at = new URL(server.address).host
  const home = join(folder, 'home')
  await mkdir(home)
  env = {
    PATH: process.env.PATH,
    HOME: home,
    SSL_CERT_FILE: ca,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
  }
})
afterAll(async () => {
  await custody?.close()
  await rm(folder, { recursive: true, force: true })
})

/** How it ended, and what it said. */
const cosign = (...args: readonly string[]): Promise<{ exit: number; said: string }> =>
  new Promise((done) => {
    const child = execFile(program, [...args], { cwd: folder, env }, (_, out, err) =>
      done({ exit: child.exitCode ?? -1, said: out + err }),
    )
  })

test('FACADE-COSIGN cosign makes a key behind awskms://, signs a release with it, and verifies it by the key and by its public half', async () => {
  const key = `awskms://${at}/alias/release`
  expect(await cosign('generate-key-pair', '--kms', key)).toMatchObject({ exit: 0 })
  expect(await readFile(join(folder, 'cosign.pub'), 'utf8')).toContain('BEGIN PUBLIC KEY')
  await writeFile(join(folder, 'release'), 'a release')
  const signing = ['sign-blob', '--yes', '--tlog-upload=false', '--key', key, '--output-signature', 'sig']
  expect(await cosign(...signing, 'release')).toMatchObject({ exit: 0 })
  const verify = (by: string, file: string) =>
    cosign('verify-blob', '--insecure-ignore-tlog=true', '--key', by, '--signature', 'sig', file)
  for (const by of [key, 'cosign.pub']) {
    expect(await verify(by, 'release')).toMatchObject({
      exit: 0,
      said: expect.stringContaining('Verified OK'),
    })
    await writeFile(join(folder, 'other'), 'another release')
    expect((await verify(by, 'other')).exit).not.toBe(0)
  }
  // The same key again, and not a second of its name.
  expect(await cosign('generate-key-pair', '--kms', key)).toMatchObject({ exit: 0 })
  const keys = await custody.services.database.selectFrom('key').select(['name', 'algorithm']).execute()
  expect(keys).toEqual([{ name: 'release', algorithm: 'ECC_NIST_P256' }])
  const never = await cosign(...signing.map((word) => word.replace('alias/release', 'alias/none')), 'release')
  expect(never.exit).not.toBe(0)
  expect(never.said).toContain('NotFoundException')
  env = { ...env, AWS_SECRET_ACCESS_KEY: 'x' }
  const stranger = await cosign(...signing, 'release')
  expect(stranger.exit).not.toBe(0)
  expect(stranger.said).toContain('InvalidSignatureException')
})
