import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from '@lux/node-files'

/** Every path under one server's state folder. */
export type StateFolder = {
  readonly root: string
  readonly lock: string
  readonly lockHolder: string
  readonly settings: string
  readonly card: string
  readonly combiner: string
  readonly sealedRoot: string
  readonly policies: string
  readonly transports: string
  readonly incoming: string
  readonly fhe: string
  readonly ciphertexts: string
  readonly database: string
  /** Names the database that the server serves from. */
  readonly knownDatabase: string
  /** The newest state of authority that the server saw. */
  readonly authority: string
  readonly refusedPin: string
  readonly refusedPinOfSecond: string
  readonly tokenProofs: string
  readonly shredLog: string
  /** The newest checkpoint of the audit log, and the newest entry of each of its writers. */
  readonly auditPin: string
  readonly auditHeads: string
  readonly auditLost: string
  readonly auditNote: string
  /** What entries are MACed by while the token is sealed. */
  readonly auditKey: string
  readonly softToken: string
  readonly trainingPins: string
  readonly caCertificate: string
  readonly caKey: string
  readonly training: string
  readonly trainingHeader: string
  /** For the first admin, where no terminal shows it: as good as that role, for 15 minutes. */
  readonly setupCode: string
}

export function stateFolder(path: string): StateFolder {
  const root = resolve(path)
  return {
    root,
    lock: join(root, 'command.lock'),
    lockHolder: join(root, 'command.holder'),
    settings: join(root, 'server.json'),
    card: join(root, 'card.json'),
    combiner: join(root, 'combiner.identity'),
    sealedRoot: join(root, 'root-key.sealed'),
    policies: join(root, 'policies'),
    transports: join(root, 'transports'),
    incoming: join(root, 'incoming'),
    fhe: join(root, 'fhe'),
    ciphertexts: join(root, 'ciphertexts'),
    database: join(root, 'postgres'),
    knownDatabase: join(root, 'database.json'),
    authority: join(root, 'authority.json'),
    shredLog: join(root, 'shred.log'),
    auditPin: join(root, 'audit-checkpoint.json'),
    auditHeads: join(root, 'audit-heads'),
    auditLost: join(root, 'audit-lost.json'),
    auditNote: join(root, 'audit-note.json'),
    auditKey: join(root, 'audit-sealed.key'),
    refusedPin: join(root, 'refused-pin.json'),
    refusedPinOfSecond: join(root, 'refused-pin-2.json'),
    tokenProofs: join(root, 'token-proofs.json'),
    softToken: join(root, 'token'),
    trainingPins: join(root, 'training-pins'),
    caCertificate: join(root, 'ca.pem'),
    caKey: join(root, 'ca.key'),
    setupCode: join(root, 'setup-code'),
    training: join(root, 'training.json'),
    trainingHeader: join(root, 'training.header'),
  }
}

/** Makes the folders. Each is 0700; the root lets root's PostgreSQL account pass through it, and list nothing. */
export async function makeStateFolder(state: StateFolder): Promise<void> {
  makeFolder(state.root, 0o777)
  await chmod(state.root, process.getuid?.() === 0 ? 0o711 : 0o700)
  const { policies, transports, incoming, fhe, ciphertexts, auditHeads } = state
  for (const folder of [policies, transports, incoming, fhe, ciphertexts, auditHeads])
    await makePrivateFolder(folder)
}

/** Makes a folder that only its owner can enter, and closes one that was open wider. */
export async function makePrivateFolder(path: string): Promise<void> {
  makeFolder(path)
  await chmod(path, 0o700)
}
