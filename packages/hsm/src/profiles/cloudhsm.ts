import { type Profile, takesAll } from './profile.ts'

/** CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD (RFC 5649) and _NO_PAD (RFC 3394) of Client SDK 5. */
const zeroPad = 0x8000_216f
const noPad = 0x8000_2109

/** AWS CloudHSM with Client SDK 5, from AWS' documents. Not run on hardware. */
export const cloudhsm: Profile = {
  id: 'cloudhsm',
  name: 'AWS CloudHSM',
  kind: 'cloud',
  manufacturer: /^(Marvell|Cavium|AWS|Amazon|CloudHSM)/i,
  model: /.*/i,
  verifiedOn: null,
  sources: [
    'https://docs.aws.amazon.com/cloudhsm/latest/userguide/cloudhsm_cli-key-replicate.html',
    'https://docs.aws.amazon.com/cloudhsm/latest/userguide/pkcs11-library.html',
    'https://docs.aws.amazon.com/cloudhsm/latest/userguide/pkcs11-mechanisms.html',
    'https://github.com/miekg/pkcs11/pull/72',
    'https://docs.aws.amazon.com/cloudhsm/latest/userguide/pkcs11-attributes.html',
    'https://docs.aws.amazon.com/cloudhsm/latest/userguide/manage-aes-key-wrapping.html',
  ],
  libraries: ['/opt/cloudhsm/lib/libcloudhsm_pkcs11.so'],
  environment: [],
  settings: '/opt/cloudhsm/etc',
  soft: false,
  pin: {
    form: 'the crypto user’s name, a colon and its password, such as user:password',
    // They are the password's, and a name goes before it.
    limitsOf: [],
    factorySoPin: null,
    userTries: null,
    showsState: false,
  },
  initialise: {
    by: 'vendor-tool',
    again: false,
    how: 'the cluster is made and activated in AWS, its users with cloudhsm-cli',
  },
  sharedSerial: false,
  wrapCandidates: [zeroPad, noPad],
  oaepHash: 'sha256',
  gcmNonce: 'token',
  ...takesAll,
  copyableInCopy: false,
  replication: 'vendor-clone',
  replicationBy: 'the cluster keeps the keys of its HSMs in step',
  replicationSteps: [
    {
      id: 'cloudhsm-coverage',
      words: 'Within one cluster every HSM gets the key by itself: check that its coverage is full.',
      command: 'cloudhsm-cli key list --filter attr.label={label} --verbose',
    },
    {
      id: 'cloudhsm-login',
      words:
        'To a cluster that was made from a backup of this one: log in to both as the crypto user who owns the key.',
      command: 'cloudhsm-cli interactive',
    },
    {
      id: 'cloudhsm-replicate',
      words: 'Replicate the key to it.',
      command:
        'key replicate --filter attr.label={label} --source-cluster-id SOURCE --destination-cluster-id DESTINATION',
    },
  ],
  attestation: { format: 'none', how: 'no attestation of a single key' },
  plan: { initialise: false, keyWrapping: false, trustedWindow: false, sealing: false },
  notes: [
    'CKM_AES_KEY_WRAP of Client SDK 3 pads by PKCS #5 and is neither KW nor KWP; AWS’ own 0x8000216F is RFC 5649.',
    'AES-GCM: the HSM ignores the nonce of the caller and writes one of its own into the parameter (pIv). Secrets are sealed under that; nothing else is encrypted or wrapped by it here.',
    'It knows neither ALLOWED_MECHANISMS nor COPYABLE: its keys wrap by several mechanisms, so none of them is a root.',
    'Only crypto users log in through PKCS#11. TRUSTED is set by an admin with cloudhsm-cli, not by a security officer here.',
    'It is in a network: a workstation that reaches it is not air-gapped.',
  ],
}
