import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  findLibrary,
  libraryPlaces,
  profileById,
  profileOf,
  profileOfLibrary,
  profiles,
  replicationProcedure,
} from '../../src/profiles/profiles.ts'

describe('profiles', () => {
  it('have an id each, and the unknown token comes last', () => {
    expect(new Set(profiles.map(({ id }) => id)).size).toBe(profiles.length)
    expect(profiles.at(-1)?.id).toBe('generic')
  })

  it('name a source each, and those that were never run on hardware say so', () => {
    const known = profiles.filter(({ id }) => id !== 'generic')
    for (const { id, sources } of known) {
      expect([id, sources.length > 0]).toEqual([id, true])
      for (const source of sources) expect(() => new URL(source)).not.toThrow()
    }
    expect(known.filter(({ verifiedOn }) => verifiedOn === null).map(({ id }) => id)).toEqual([
      'tpm2',
      'yubihsm',
      'luna',
      'nshield',
      'cloudhsm',
      'smartcard-hsm',
      'nethsm',
    ])
  })

  it.each([
    ['SoftHSM project', 'SoftHSM v2', 'softhsm'],
    ['IBM Corp.', 'IBM SoftTok', 'opencryptoki'],
    ['IBM', 'Soft', 'opencryptoki'],
    ['IBM', 'SW   TPM', 'swtpm'],
    ['INTC', 'Intel', 'tpm2'],
    ['STM', 'ST33', 'tpm2'],
    ['Yubico (www.yubico.com)', 'YubiHSM', 'yubihsm'],
    ['SafeNet', 'Luna K7', 'luna'],
    ['nCipher Corp. Ltd', '', 'nshield'],
    ['Marvell Semiconductors, Inc.', 'NITROX-HSM', 'cloudhsm'],
    ['www.CardContact.de', 'PKCS#15 emulated', 'smartcard-hsm'],
    ['Somebody', 'else', 'generic'],
  ])('%s %s is %s', (manufacturer, model, id) => {
    expect(profileOf(manufacturer, model).id).toBe(id)
    expect(profileById(id)?.id).toBe(id)
  })

  it('a window is planned only where trusted keys replicate the root, and no soft token is called hardware', () => {
    for (const { id, plan, replication, soft, kind } of profiles.filter((p) => p.id !== 'generic')) {
      expect([id, plan.trustedWindow]).toEqual([id, replication === 'trusted-window'])
      expect([id, soft]).toEqual([id, kind === 'software'])
      if (plan.trustedWindow) expect([id, plan.keyWrapping]).toEqual([id, true])
    }
  })

  it('the vendor’s procedure stands exactly where the way is the vendor’s, and names the tokens of the run', () => {
    const ids = profiles.flatMap(({ replicationSteps }) => replicationSteps.map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id, replication, replicationSteps } of profiles)
      expect([id, replicationSteps.length > 0]).toEqual([id, replication.startsWith('vendor-')])
    const names = { from: '1234', to: '5678', id: 'ab12', label: 'root-kek' }
    for (const profile of profiles) {
      for (const { words, command } of replicationProcedure(profile, names))
        expect(`${words} ${command}`).not.toMatch(/[{}]/)
    }
    expect(replicationProcedure(profileById('luna')!, names).at(-1)?.command).toBe(
      'partition clone -objects HANDLE -slot SLOT-OF-5678',
    )
  })

  it('whoever is initialised by a vendor’s tool is not planned to be by ours', () => {
    for (const { id, plan, initialise } of profiles)
      expect([id, plan.initialise]).toEqual([id, initialise.by === 'library'])
  })

  it.each([
    ['SafeNet', 'Cryptovisor7', 'luna'],
    ['Safenet, Inc.', 'LunaSA 7.7.1', 'luna'],
    ['safenet', 'luna k7', 'luna'],
    ['NCIPHER CORP. LTD', '', 'nshield'],
    ['yubico (www.yubico.com)', 'YUBIHSM', 'yubihsm'],
    ['Yubico (www.yubico.com)', 'YubiKey YK5', 'generic'],
    ['www.CardContact.de', 'PKCS#15 emulated', 'smartcard-hsm'],
    ['Nitrokey GmbH', 'NetHSM', 'nethsm'],
  ])('%s %s is %s: in whatever case a vendor writes its name', (maker, model, id) => {
    expect(profileOf(maker, model).id).toBe(id)
  })

  it('a library is known by its file’s name, and only what its profile names reaches its host', () => {
    expect(profileOfLibrary('/opt/elsewhere/libtpm2_pkcs11.so.1')?.id).toBe('tpm2')
    expect(profileOfLibrary('/opt/elsewhere/libunknown.so')).toBeNull()
    for (const { environment } of profiles)
      for (const name of environment) expect(name).not.toMatch(/^(NODE_|LD_|DYLD_)|PIN|PASS/)
  })

  it('the libraries of the three tokens that run here are found at their usual places', () => {
    for (const id of ['softhsm', 'opencryptoki', 'tpm2']) {
      const profile = profileById(id)!
      expect(libraryPlaces(profile).every((path) => !path.includes('*'))).toBe(true)
      expect([id, existsSync(findLibrary(profile) ?? '')]).toEqual([id, true])
    }
    expect(findLibrary(profileById('generic')!)).toBeNull()
  })
})
