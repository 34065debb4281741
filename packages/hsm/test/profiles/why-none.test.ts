import { describe, expect, it } from 'vitest'
import { missingSettings, whyNoToken } from '../../src/profiles/profiles.ts'

const nowhere = () => false

describe('where a library shows no token', () => {
  it.each([
    ['/usr/lib/yubihsm_pkcs11.so', 'YUBIHSM_PKCS11_CONF is not set'],
    ['/usr/lib/x/pkcs11/p11-kit-client.so', 'P11_KIT_SERVER_ADDRESS is not set'],
    ['/opt/vendor/libCryptoki2_64.so', 'ChrystokiConfigurationPath is not set'],
    ['/opt/cloudhsm/lib/libcloudhsm_pkcs11.so', 'its settings are not in /opt/cloudhsm/etc'],
    ['/opt/opensc-pkcs11.so', 'pcscd is not running: no /run/pcscd/pcscd.comm'],
  ])('of %s it is said: %s', (library, said) => {
    expect(missingSettings(library, {}, nowhere)).toContain(said)
  })

  it('a variable that is set and a place that is there are not said to be missing', () => {
    const set = { YUBIHSM_PKCS11_CONF: '/etc/yubihsm.conf' }
    expect(missingSettings('/usr/lib/yubihsm_pkcs11.so', set, () => true)).toEqual([])
    // OpenSC has settings of its own where OPENSC_CONF names none.
    expect(missingSettings('/opt/opensc-pkcs11.so', {}, () => true)).toEqual([])
    expect(missingSettings('/opt/unknown.so', {}, nowhere)).toEqual([])
  })

  it('a library without a slot and one whose slots are empty differ', () => {
    expect(whyNoToken('/opt/unknown.so', {}, 0)).toEqual(['the library has no slot'])
    expect(whyNoToken('/opt/unknown.so', {}, 2)).toEqual(['the library has 2 slots, and no token in any'])
  })
})
