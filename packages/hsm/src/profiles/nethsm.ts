import { type Profile, takesAll } from './profile.ts'

/** Nitrokey NetHSM through nethsm-pkcs11, from its source. Not run on hardware. */
export const nethsm: Profile = {
  id: 'nethsm',
  name: 'Nitrokey NetHSM',
  kind: 'hsm',
  manufacturer: /^Nitrokey/i,
  model: /^NetHSM/i,
  verifiedOn: null,
  sources: [
    'https://github.com/Nitrokey/nethsm-pkcs11',
    'https://docs.nitrokey.com/nethsm/pkcs11-setup.html',
  ],
  libraries: ['/usr/lib/libnethsm_pkcs11.so', '/usr/local/lib/libnethsm_pkcs11.so'],
  environment: ['P11NETHSM_CONFIG_FILE'],
  soft: false,
  pin: {
    form: 'the passphrase of the operator or administrator that the library’s configuration names',
    factorySoPin: null,
    userTries: null,
    showsState: false,
  },
  initialise: { by: 'vendor-tool', again: false, how: 'nitropy nethsm provision and add-user' },
  sharedSerial: false,
  tellsSerialLate: true,
  makesKeys: 'so',
  // It derives nothing (C_DeriveKey), whatever DERIVE says, and labels a key by its identifier.
  says: {
    private: { LABEL: 'any', DERIVE: 'true' },
    public: { LABEL: 'any', VERIFY: 'false' },
  },
  wrapCandidates: [],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: false,
  replication: 'none',
  replicationBy: 'keys leave in the device’s encrypted backup alone',
  replicationSteps: [],
  attestation: { format: 'none', how: 'no attestation of a single key' },
  plan: { initialise: false, keyWrapping: false, trustedWindow: false, sealing: false },
  notes: [
    'The operator (user) signs; the administrator (security officer) makes and destroys keys. Each logs in by turns.',
    'It wraps, unwraps and derives nothing, and verifies nothing: an officer’s credential, not a custody root.',
    'It says LOCAL false of a key that it made itself.',
    'Its serial number is unknown until the administrator logs in, so a token is named after its slot in the library’s configuration.',
  ],
}
