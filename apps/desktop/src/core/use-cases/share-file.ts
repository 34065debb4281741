import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Policy } from '@lux/ceremony/policy'
import { sealWithPassphrase } from '@lux/crypto'
import { checkWritable, ExpectedError, readBounded, withSystemErrors, writeInFolder } from '@lux/node-files'
import {
  acknowledge,
  forgetKept,
  forgetShareOf,
  type KeptShare,
  maxEnvelope,
  maxPublic,
  maxReceived,
  maxShareFile,
  maxState,
  type Outcome,
  openShare,
  type PersonKey,
  receiveShare,
  trustedPolicy,
} from '@lux/people'
import { openSealedFile } from './key-file.ts'

/** Where what a share has answered is kept. */
export const statePath = (share: string): string => `${share}.state`

/** Of the file itself, whatever link leads to it. */
export const receivedPath = (keyFile: string): string =>
  `${withSystemErrors(() => realpathSync(keyFile), keyFile)}.received`

/** What a key file has received, and where its list lies; null where there is none yet. Errors: FOLDER-READ-ONLY where none could be kept. */
export function readReceived(keyFile: string): { path: string; list: Uint8Array | null } {
  const path = receivedPath(keyFile)
  checkWritable(dirname(path))
  return { path, list: existsSync(path) ? readBounded(path, maxReceived) : null }
}

/** How a list names a share file. */
export const namedIn = (out: string): string => resolve(out)

/**
 * A checked share and its record, two new files, the share sealed under the passphrase of its holder's key, with a note beside the key
 * file: a share that was received once is not begun anew. Errors: FOLDER-READ-ONLY, FILE-EXISTS, and those of the file.
 */
export async function keepShare(
  out: string,
  { share, received, state }: KeptShare,
  { keyFile, passphrase }: { keyFile: string; passphrase: string },
): Promise<void> {
  for (const file of [out, statePath(out)])
    if (existsSync(file)) throw new ExpectedError('FILE-EXISTS', `${file} is already there`)
  writeInFolder(out, await sealWithPassphrase(passphrase, share), 0o600)
  // Before the record, without which a share answers nothing: wherever this is cut off, there are no two records to count in.
  writeInFolder(receivedPath(keyFile), received, 0o600)
  writeInFolder(statePath(out), state, 0o600)
}

const maxDocument = 1 << 20

/**
 * A holder without a device receives the share of an envelope of this run, keeps it sealed in `out`, and proves it: the acknowledgement.
 * One that lies in `out` already is proved again.
 * Errors: POLICY-…, OPENING-…, SHARE-RECEIVED, REQUEST-ROLE, REQUEST-DOMAIN, FHE-…, FILE-EXISTS, FOLDER-READ-ONLY.
 */
export async function receiveHere(
  run: string,
  index: number,
  { key, keyFile, passphrase, out }: { key: PersonKey; keyFile: string; passphrase: string; out: string },
): Promise<Uint8Array> {
  const file = (name: string, most = maxDocument) => readBounded(join(run, name), most)
  const policy = taken(trustedPolicy(file('policy.json')))
  const files = {
    policy,
    opening: file('opening.json'),
    signature: file(`envelopes/holder-${index}.sig`),
    pub: file('fhe/public.bin', maxPublic),
    envelope: file(`envelopes/holder-${index}.age`, maxEnvelope),
  }
  // Cut off after the share was kept and before the run heard of it.
  if (existsSync(out) && existsSync(statePath(out))) return proveAgain(out, { key, passphrase, policy })
  const received = readReceived(keyFile)
  const kept = taken(
    await receiveShare(files, { key, received: received.list, path: namedIn(out), lost: false }),
  )
  try {
    const { acknowledgement } = taken(acknowledge({ key, held: kept.held, envelope: kept.envelope }, policy))
    // On disk before anybody hears that the share is held.
    await keepShare(out, kept, { keyFile, passphrase })
    return acknowledgement
  } finally {
    forgetKept(kept)
  }
}

/** Errors: KEY-PASSPHRASE, SHARE-FILE-WRONG, HOLDER-STATE-OTHER, HOLDER-POLICY, FHE-…. */
async function proveAgain(
  share: string,
  { key, passphrase, policy }: { key: PersonKey; passphrase: string; policy: Policy },
): Promise<Uint8Array> {
  const plain = await openSealedFile(share, passphrase, maxShareFile)
  const opened = taken(openShare({ key, share: plain, state: readBounded(statePath(share), maxState) }))
  try {
    return taken(acknowledge(opened, policy)).acknowledgement
  } finally {
    forgetShareOf(opened)
  }
}

function taken<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new ExpectedError(outcome.rule, outcome.detail)
}
