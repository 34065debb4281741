import type { Profile } from './profile.ts'

/** A TPM chip behind tpm2-pkcs11 1.9: its behaviour was seen on a software TPM (swtpm.ts), never on a chip. */
export const tpm2: Profile = {
  id: 'tpm2',
  name: 'TPM 2.0 (tpm2-pkcs11)',
  kind: 'tpm',
  manufacturer: /^(IBM|INTC|STM|IFX|NTC|AMD|ATML|NTZ|MSFT|GOOG|QCOM|SMSN)\s*$/i,
  // The model is the TPM's own vendor string. openCryptoki says IBM too, but calls its model a soft token; so does swtpm.
  model: /^(?!(IBM SoftTok|Soft)$|SW\s)/i,
  verifiedOn: null,
  sources: ['https://github.com/tpm2-software/tpm2-pkcs11'],
  libraries: [
    '/usr/lib/*/libtpm2_pkcs11.so.1',
    '/usr/lib/*/pkcs11/libtpm2_pkcs11.so.1',
    '/usr/lib64/pkcs11/libtpm2_pkcs11.so',
  ],
  environment: ['TPM2_PKCS11_STORE', 'TPM2_PKCS11_TCTI', 'DBUS_SESSION_BUS_ADDRESS'],
  soft: false,
  pin: {
    form: 'up to 128 bytes',
    factorySoPin: null,
    userTries: null,
    // The whole TPM locks by its own dictionary-attack counter; the flags stay ok.
    showsState: false,
  },
  initialise: { by: 'library', again: false, how: 'a new store; an old one is removed with tpm2_ptool' },
  sharedSerial: true,
  wrapCandidates: [],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  leavesOut: { private: ['DECRYPT'], public: ['ENCRYPT'] },
  copyableInCopy: true,
  replication: 'none',
  replicationBy: 'keys never leave the TPM',
  replicationSteps: [],
  attestation: {
    format: 'unread',
    how: 'tpm2_certify signs a key’s public area with an attestation key; this tool does not read it yet',
  },
  plan: { initialise: true, keyWrapping: false, trustedWindow: false, sealing: false },
  notes: [
    'It makes no AES keys through PKCS#11: an officer’s credential, not a custody root.',
    'Every token of a TPM shows the serial number 0000000000000000.',
    'A few wrong PINs lock the whole TPM for a while, and the PIN state still says ok.',
    'Without the resource manager (tpm2-abrmd or the kernel’s /dev/tpmrm0) the TPM runs out of contexts.',
    'ENCRYPT and DECRYPT cannot be set to false when a pair is made: an RSA signing pair can decrypt too, and the report says so.',
  ],
}

/** A TPM in software: the same library and behaviour as a chip, without its protection. */
export const swtpm: Profile = {
  ...tpm2,
  id: 'swtpm',
  name: 'Software TPM (swtpm, tpm2-pkcs11)',
  kind: 'software',
  manufacturer: /^IBM/i,
  // The reference implementation's vendor string, which swtpm keeps.
  model: /^SW\s/i,
  verifiedOn: 'tpm2-pkcs11 1.9.0 on swtpm 0.7 on Debian 12, 1.9.1 on Debian 13',
  sources: [...tpm2.sources, 'https://github.com/stefanberger/swtpm'],
  soft: true,
  attestation: { format: 'none', how: 'a program attests nothing about itself' },
}
