import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../../../src/core/program.ts'

/**
 * A ceremony that the crash matrix breaks. `own`: the steps whose calls are tried, where the others are the very steps of
 * `chain`. `from`: steps, in their order, at which its folder is kept; a run with a fault begins at the last of them before
 * it, as after a stop of the program. `server`: its root goes to a server, which takes it out and gives a receipt.
 */
export type Ceremony = {
  name: string
  what: string
  script: Uint8Array
  values: Readonly<Record<string, unknown>>
  own: RegExp
  from: readonly string[]
  server: boolean
}

const shipped = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(findProgram().resources, 'scripts', `${name}.yaml`)))
const chain = new Uint8Array(readFileSync(fileURLToPath(new URL('../support/chain.yaml', import.meta.url))))

export const ceremonies: readonly Ceremony[] = [
  {
    name: 'chain',
    what: 'a new token, the probe, the ceremony key, a root wrapped to a server in the trusted window, the keys below it, the bundle, the receipt, the close-out',
    script: chain,
    values: {},
    own: /./,
    from: ['generate-root', 'read-back-root', 'generate-project', 'generate-data', 'seal'],
    server: true,
  },
  {
    name: 'attested-root',
    what: 'a companion key vouches for the ceremony key and for the root (`attest`), which goes to a server',
    script: shipped('attested-root'),
    values: {},
    own: /^(attest-|seal|close)/,
    from: ['attest-ceremony-key', 'attest-root'],
    server: true,
  },
  {
    name: 'replicate-root',
    what: 'a second token: its login and inventory, and the root that a vendor’s tool brought into it, proved through a second host process',
    script: shipped('replicate-root'),
    values: {},
    own: /^(log-in-spare|opening-inventory-spare|replicate-root|seal|close)/,
    from: ['replicate-root'],
    server: false,
  },
  {
    name: 'hierarchy-rsa',
    what: 'keys below a root of an earlier ceremony, the data key RSA-2048',
    script: shipped('key-hierarchy'),
    values: { dataAlgorithm: 'RSA-2048' },
    own: /^(read-back-existing-root|generate-data)/,
    from: ['read-back-existing-root', 'generate-data'],
    server: false,
  },
  {
    name: 'hierarchy-ec',
    what: 'the same, the data key EC-P256',
    script: shipped('key-hierarchy'),
    values: { dataAlgorithm: 'EC-P256' },
    own: /^generate-data/,
    from: ['generate-data'],
    server: false,
  },
  {
    name: 'root-backup',
    what: 'a root with a backup: dealt in its trusted window to three custodians, who prove their shares',
    script: shipped('root-backup'),
    values: {},
    own: /^(generate-root|prove-root|acknowledge-custodians|seal)/,
    from: ['generate-root', 'acknowledge-custodians'],
    server: false,
  },
  {
    name: 'root-several',
    what: 'a root wrapped to a spare token in its window, brought into it and proved there',
    script: shipped('root-several'),
    values: {},
    own: /^(probe-spare|generate-root|bring-spare|seal)/,
    from: ['generate-root', 'bring-spare'],
    server: false,
  },
  {
    name: 'share-check',
    what: 'the medium and every share of a backup, each alone',
    script: shipped('share-check'),
    values: {},
    own: /^(check-medium|check-shares|seal)/,
    from: ['check-medium'],
    server: false,
  },
  {
    name: 'restore-drill',
    what: 'a quorum of shares brings a root into a spare token, which proves it and is zeroised',
    script: shipped('restore-drill'),
    values: {},
    own: /^(check-medium|ask-shares|give-shares|restore-root|zeroise-root|seal)/,
    from: ['ask-shares', 'restore-root', 'zeroise-root'],
    server: false,
  },
  {
    name: 'root-restore',
    what: 'the same, and the token keeps it',
    script: shipped('root-restore'),
    values: {},
    own: /^(restore-root|seal)/,
    from: ['restore-root'],
    server: false,
  },
  {
    name: 'kek-rotation',
    what: 'a new root with new organisation keys, in the place of earlier ones',
    script: shipped('kek-rotation'),
    values: {},
    own: /^(generate-root|read-back-root|prove-root|generate-organisation|seal)/,
    from: ['generate-root', 'generate-organisation'],
    server: false,
  },
  {
    name: 'kek-rotation-backup',
    what: 'the same, the one window wrapping the new root to a server, a spare token and a backup',
    script: shipped('kek-rotation-backup'),
    values: {},
    own: /^(generate-root|bring-spare|acknowledge-custodians|seal)/,
    from: ['generate-root', 'bring-spare'],
    server: true,
  },
  {
    name: 'revocation',
    what: 'keys of an earlier bundle are revoked',
    script: shipped('revocation'),
    values: {},
    own: /^(revoke-keys|seal)/,
    from: ['revoke-keys'],
    server: false,
  },
  {
    name: 'decommission',
    what: 'a root of an earlier ceremony is destroyed in both tokens that hold it, and found absent',
    script: shipped('decommission'),
    values: {},
    own: /^(prove-root|decommission-|seal)/,
    from: ['prove-root', 'decommission-spare'],
    server: false,
  },
  {
    name: 'officer-change',
    what: 'the next version of the policy, signed by the officers who stay',
    script: shipped('officer-change'),
    values: {},
    own: /^(sign-policy|seal)/,
    from: ['sign-policy'],
    server: false,
  },
  {
    name: 'holder-heartbeat',
    what: 'every holder of a threshold key states over a challenge that the share is held',
    script: shipped('holder-heartbeat'),
    values: { fheMode: 'F', fheSquash: false },
    own: /^(ask-heartbeats|take-heartbeats|seal)/,
    from: ['ask-heartbeats'],
    server: false,
  },
  {
    name: 'threshold-fhe',
    what: 'a threshold key is dealt to its holders',
    script: shipped('threshold-fhe'),
    values: {},
    own: /^(deal|acknowledge)/,
    from: ['deal-shares'],
    server: false,
  },
  {
    name: 'fhe-life',
    what: 'a threshold key is dealt, asked, dealt anew to other holders, and asked again (threshold-decryption and resharing make the same steps)',
    script: shipped('fhe-life'),
    values: {},
    own: /request|answer|result|epoch|redeal|acknowledge|canary/,
    from: ['assemble-epoch', 'epoch-live'],
    server: false,
  },
]

/** Throws for a name that is none of theirs. */
export function ceremonyNamed(name: string): Ceremony {
  const found = ceremonies.find((one) => one.name === name)
  if (found === undefined) throw new RangeError(`ceremony: no ${name}`)
  return found
}
