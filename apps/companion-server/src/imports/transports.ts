import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ServerCard,
  type Signed,
  signatureContext,
  type Transport,
  transportCodec,
} from '@lux/ceremony/wire'
import { encodeCanonical, generateSealIdentity, type Json, toBase64, toHex } from '@lux/crypto'
import type { Token } from '@lux/hsm'
import { signInToken } from '../platform/hsm/token-signer.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { parseState, readIfPresent, syncFolder, writeWhole } from '../platform/state-folder/private-file.ts'
import type { Settings } from '../platform/state-folder/settings.ts'
import { EnvironmentError } from '../refusal.ts'

/** One transport pair that is still open for its ceremony: its key is in the token, its age identity in a 0600 file. */
export type OpenTransport = {
  readonly path: string
  readonly transportId: string
  readonly identity: string
  /** SHA-256(JCS(payload)), which the plan and the bundle name; null when making it was cut short. */
  readonly digest: string | null
}

/** Makes a transport pair and age identity for one ceremony and signs its card with the receipt key. */
export async function makeTransport(
  token: Token,
  state: StateFolder,
  settings: Settings,
  { card, audience }: { card: ServerCard; audience: string },
): Promise<Signed<Transport>> {
  await eraseUnfinished(token, state)
  const transportId = toHex(randomBytes(16))
  const { identity, recipient } = await generateSealIdentity()
  const path = join(state.transports, `${transportId}.json`)
  // The record is there before the pair is, so that a crash leaves no pair that nobody knows.
  await writeWhole(path, encodeCanonical({ v: 1, transportId, identity, digest: null }))
  const { spki } = await token.createTransportPair({
    id: transportId,
    label: `transport ${transportId.slice(0, 8)}`,
  })
  const payload: Transport = {
    v: 1,
    kind: 'transport',
    domain: settings.domain,
    audience,
    node: settings.node,
    serial: settings.token.serial,
    transportKey: toBase64(spki),
    recipient,
    nonce: toHex(randomBytes(16)),
  }
  const signature = await signInToken(
    token,
    settings.keys.receipt,
    card.receiptKey,
    signatureContext('transport', settings.domain),
    transportCodec.signedBytes(payload),
  )
  const digest = transportCodec.payload.digest(payload)
  await writeWhole(path, encodeCanonical({ v: 1, transportId, identity, digest }))
  return { payload, signatures: [signature] }
}

export async function openTransports(state: StateFolder): Promise<OpenTransport[]> {
  const open: OpenTransport[] = []
  for (const name of await readdir(state.transports)) {
    if (!/^[0-9a-f]{32}\.json$/.test(name)) continue
    const path = join(state.transports, name)
    const bytes = await readIfPresent(path, 8192)
    if (bytes !== 'absent') open.push({ path, ...parseRecord(path, parseState(path, bytes)) })
  }
  return open
}

/** Destroys the pair in the token, then its age identity. May be called again after a crash. */
export async function eraseTransport(
  token: Token,
  state: StateFolder,
  transport: OpenTransport,
): Promise<void> {
  await token.destroyTransportPair({ id: transport.transportId })
  await rm(transport.path, { force: true })
  await syncFolder(state.transports)
}

async function eraseUnfinished(token: Token, state: StateFolder): Promise<void> {
  for (const transport of await openTransports(state)) {
    if (transport.digest === null) await eraseTransport(token, state, transport)
  }
}

function parseRecord(path: string, value: Json): Omit<OpenTransport, 'path'> {
  if (
    typeof value === 'object' &&
    value !== null &&
    'transportId' in value &&
    'identity' in value &&
    'digest' in value
  ) {
    const { transportId, identity, digest } = value
    if (
      typeof transportId === 'string' &&
      typeof identity === 'string' &&
      (digest === null || typeof digest === 'string')
    ) {
      return { transportId, identity, digest }
    }
  }
  throw new EnvironmentError('STATE-DAMAGED', `${path} is not a transport record`)
}
