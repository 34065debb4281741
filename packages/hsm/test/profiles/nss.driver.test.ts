import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Hsm,
  type ProbeReport,
  rootTemplate,
  signingTemplate,
  startHsm,
  type Token,
} from '../../src/index.ts'
import { newId, utf8 } from '../soft-token-bench.ts'

const library = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'libsoftokn3.so'))
  .find((path) => existsSync(path))

/** NSS's own token, which answers much and keeps little of it: what a probe is for. Its place is told to it when it starts. */
describe('NSS softokn, a token that breaks promises', () => {
  let folder: string
  let hsm: Hsm
  let token: Token
  let report: ProbeReport
  let marksTrusted: boolean | null
  beforeAll(async () => {
    if (library === undefined) throw new Error('libsoftokn3.so is not installed: apt-get install libnss3')
    folder = mkdtempSync(join(tmpdir(), 'nss-'))
    const initString = `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`
    hsm = await startHsm({ library, initString })
    const blank = (await hsm.tokens()).find(({ initialised }) => !initialised)
    // Its security officer has no PIN until the user has one.
    const made = await hsm
      .token('new')
      .initialise({ label: 'nss', slot: blank!.slot, soPin: utf8(''), userPin: utf8('87654321') })
    marksTrusted = made.marksTrusted
    token = hsm.token(made.serial)
    await token.logIn({ user: 'user', pin: utf8('87654321') })
    report = await token.probe()
  }, 120_000)
  afterAll(async () => {
    await hsm?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  it('is initialised although it says so only once its user has a PIN, and is named after its slot', async () => {
    expect(token.serial).toMatch(/^slot-\d+$/)
    expect(await token.info()).toMatchObject({ initialised: true, profile: 'generic', loggedIn: 'user' })
  })

  it('lets its security officer mark a key as trusted, and users too, so that its window is none', () => {
    expect(marksTrusted).toBe(true)
    expect(
      report.attacks.find(({ name, template }) => name === 'wrap-to-untrusted' && template === 'hardened'),
    ).toMatchObject({ outcome: 'broken' })
  })

  it('does not pass the probe, and each promise that it breaks is named', () => {
    expect(report.passed).toBe(false)
    const broken = report.attacks.filter(
      ({ template, outcome }) => template === 'hardened' && outcome === 'broken',
    )
    expect(broken.map(({ name }) => name).sort()).toEqual([
      'copy-escalate',
      'mechanism-confusion',
      'read-back',
      'reimport-extractable',
      'silent-unwrap',
      'transport-unwrap',
      'use-otherwise',
      'wrap-the-kek',
      'wrap-to-untrusted',
    ])
  })

  it('shows no value of a template that it gives back as pointers', () => {
    const readBack = report.attacks.find(
      ({ name, template }) => name === 'read-back' && template === 'hardened',
    )
    expect(readBack?.detail).toContain('UNWRAP_TEMPLATE of the KEK is unreadable:HSM-DEVICE-ERROR')
  })

  it('makes an officer’s pair without COPYABLE, which it does not know, and no root, with the attribute and the role', async () => {
    const id = newId()
    const pair = await token.generateKeyPair({ id, label: 'o', kind: 'p-256', template: signingTemplate })
    expect(pair.attributes.flatMap(({ attribute, lacking }) => (lacking ? [attribute] : []))).toEqual([
      'COPYABLE',
    ])
    await token.destroy(pair.privateKey)
    await token.destroy(pair.publicKey)
    await expect(
      token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate }),
    ).rejects.toMatchObject({
      code: 'HSM-ATTRIBUTE-REFUSED',
      detail: expect.stringContaining('does not take ALLOWED_MECHANISMS, which a root needs'),
    })
    expect(await token.findById(id)).toEqual([])
    expect((await token.inventory()).objects.filter(({ label }) => label === 'root')).toEqual([])
  })

  it('lists what somebody stored, and none of what the library says of itself', async () => {
    const { objects } = await token.inventory()
    expect(objects.filter(({ class: kind }) => kind === 'other')).toEqual([])
  })
})

it('HSM-LIBRARY-FAILED is said where the library cannot use what it is told', async () => {
  if (library === undefined) throw new Error('libsoftokn3.so is not installed: apt-get install libnss3')
  await expect(
    startHsm({ library, initString: "configdir='sql:/nowhere/at/all' flags=" }),
  ).rejects.toMatchObject({
    code: 'HSM-LIBRARY-FAILED',
  })
})
