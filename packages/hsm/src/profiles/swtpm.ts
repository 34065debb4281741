import type { Profile } from './profile.ts'
import { tpm2 } from './tpm2.ts'

/** A TPM that is a program: the same library and the same behaviour as a chip's, and none of its protection. */
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
