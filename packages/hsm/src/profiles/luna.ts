import { CKM } from '../constants.ts'
import { type Profile, takesAll } from './profile.ts'

/** CKM_AES_KW and CKM_AES_KWP of Luna's own range, beside the standard's numbers. */
const lunaKw = 0x8000_0170
const lunaKwp = 0x8000_0171

/** Thales Luna 7, from Thales' documents. Not run on hardware. */
export const luna: Profile = {
  id: 'luna',
  name: 'Thales Luna 7',
  kind: 'hsm',
  manufacturer: /^(SafeNet|Thales|Gemalto)/i,
  model: /(Luna|K7|G7|Cryptovisor|Cloud HSM)/i,
  verifiedOn: null,
  sources: [
    'https://thalesdocs.com/gphsm/luna/7/docs/network/Content/lunacm/Preface.htm',
    'https://www.thalesdocs.com/gphsm/luna/7/docs/network/Content/sdk/mechanisms/CKM_AES_KW.htm',
    'https://thalesdocs.com/gphsm/luna/7.7.0/docs/pci/Content/sdk/design/attribute_defaults.htm',
    'https://thalesdocs.com/gphsm/luna/7/docs/network/Content/admin_partition/confirm/confirm_hsm.htm',
    'https://github.com/ThalesGroup/luna-pkc-validator',
  ],
  libraries: [
    '/usr/safenet/lunaclient/lib/libCryptoki2_64.so',
    '/opt/safenet/lunaclient/lib/libCryptoki2_64.so',
  ],
  environment: ['ChrystokiConfigurationPath'],
  soft: false,
  pin: {
    form: '8 to 255 characters, or PED keys at the device',
    factorySoPin: null,
    userTries: 10,
    showsState: true,
  },
  initialise: {
    by: 'library',
    again: true,
    how: 'initialises a partition that the HSM’s own SO made; its cloning domain is set with lunacm',
  },
  sharedSerial: false,
  wrapCandidates: [lunaKwp, lunaKw, CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: true,
  replication: 'vendor-clone',
  replicationBy: 'partition cloning between HSMs of one cloning domain, with lunacm',
  replicationSteps: [
    {
      id: 'luna-domain',
      words:
        'Make sure that both partitions were initialised with one cloning domain and that their policies allow the cloning of secret keys.',
      command: 'partition showpolicies',
    },
    {
      id: 'luna-source',
      words: 'In lunacm, choose the slot of the partition that has the key.',
      command: 'slot set -slot SLOT-OF-{from}',
    },
    { id: 'luna-login', words: 'Log in there as crypto officer.', command: 'role login -name co' },
    { id: 'luna-handle', words: 'Find the handle of the key by its label.', command: 'partition contents' },
    {
      id: 'luna-clone',
      words: 'Clone that one object to the slot of the other partition; lunacm asks for its password.',
      command: 'partition clone -objects HANDLE -slot SLOT-OF-{to}',
    },
  ],
  attestation: {
    format: 'luna',
    how: 'cmu getpkc gives a PKCS#7 chain from the key’s confirmation to the manufacturer’s root. It does so only for a key pair that was made in the HSM and cannot leave it',
  },
  plan: { initialise: true, keyWrapping: true, trustedWindow: false, sealing: true },
  notes: [
    'Before firmware 7.9.3 an unwrap by KW needs VALUE_LEN.',
    'Whether TRUSTED and UNWRAP_TEMPLATE are enforced is not in the documents read; the probe shows it.',
    'In FIPS mode AES-GCM takes no nonce of the caller and puts one of 16 bytes behind the tag: a secret is sealed under that.',
    'CHECK_VALUE and other attributes of its own exist; none is relied on.',
  ],
}
