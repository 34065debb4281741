import { CKM } from '../constants.ts'
import { type Profile, takesAll } from './profile.ts'

/** Entrust nShield in a security world, from Entrust's documents. Not run on hardware. */
export const nshield: Profile = {
  id: 'nshield',
  name: 'Entrust nShield',
  kind: 'hsm',
  manufacturer: /^(nCipher|Entrust)/i,
  model: /.*/i,
  verifiedOn: null,
  sources: [
    'https://nshielddocs.entrust.com/security-world-docs/v13.6.3/api-pkcs11/mechanisms.html',
    'https://nshielddocs.entrust.com/security-world-docs/v13.6.3/api-pkcs11/env-variables.html',
    'https://nshielddocs.entrust.com/security-world-docs/v13.6.3/api-pkcs11/no-load-sharing-or-pool-mode.html',
    'https://nshielddocs.entrust.com/app-notes/key-attestation-format/intro.html',
  ],
  libraries: ['/opt/nfast/toolkits/pkcs11/libcknfast.so'],
  environment: ['NFAST_HOME', 'CKNFAST_LOADSHARING', 'CKNFAST_NO_ACCELERATOR_SLOTS'],
  soft: false,
  pin: {
    form: 'the passphrase of an operator card set or softcard, up to 512 bytes',
    factorySoPin: null,
    userTries: null,
    showsState: false,
  },
  initialise: {
    by: 'vendor-tool',
    again: false,
    how: 'new-world, createocs or ppmk; C_InitToken is not supported in FIPS 140 Level 3 worlds without load-sharing',
  },
  sharedSerial: false,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: false,
  replication: 'vendor-clone',
  replicationBy: 'every module of the security world uses the same key files of kmdata',
  replicationSteps: [
    {
      id: 'nshield-world',
      words:
        'Make sure that both modules are in one security world. The key’s card set or softcard must not be restricted to one module.',
      command: 'nfkminfo',
    },
    {
      id: 'nshield-key',
      words: 'Find the key’s file: its name begins with key_pkcs11.',
      command: 'nfkminfo -k pkcs11',
    },
    {
      id: 'nshield-files',
      words:
        'Bring the key’s file into the key folder that the other module’s host uses; on one host both modules use the same.',
      command: 'rfs-sync --update',
    },
    {
      id: 'nshield-restart',
      words: 'End every program that has the library open, so that it reads the folder again.',
      command: null,
    },
  ],
  attestation: {
    format: 'unread',
    how: 'nfkmattest bundles a key’s generation certificate with the module’s warrant; Entrust’s own verifier reads it, this tool does not',
  },
  plan: { initialise: false, keyWrapping: true, trustedWindow: false, sealing: true },
  notes: [
    'The accelerator slot needs no login and holds no private objects: use the slot of the card set or softcard.',
    'Key files lie encrypted on the host (kmdata); losing them loses the keys.',
    'Its security assurances refuse templates that it thinks weak; CKNFAST_OVERRIDE_SECURITY_ASSURANCES would switch that off and is not passed to the library.',
    'AES-KEY-WRAP-PAD is not in every world’s list; the known answer decides which number is RFC 5649.',
  ],
}
