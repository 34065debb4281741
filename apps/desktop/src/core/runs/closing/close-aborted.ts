import { join } from 'node:path'
import { isAtPad } from '@lux/ceremony/plan'
import { encodeTranscript } from '@lux/ceremony/transcript'
import { type Closeout, closeoutCodec, signatureContext } from '@lux/ceremony/wire'
import type { Token } from '@lux/hsm'
import { ExpectedError, writeDurably } from '@lux/node-files'
import type { RunContext } from '../effects/context.ts'
import { destroyKeyHalves } from '../effects/opening/ceremony-key.ts'
import { signAsCeremony } from '../folder/ceremony-signer.ts'
import { clearAttempts } from './left-on-tokens.ts'

/** An aborted run has no bundle and no receipt: its close-out says so with this digest and an empty list. */
const noBundle = '0'.repeat(64)

const absenceFile = 'ceremony-key-absent.json'

/** That the ceremony key is gone from its token, both halves and what sealed its seed. */
export type Absence = {
  v: 1
  kind: 'ceremony-key-absent'
  ceremonyId: string
  serial: string
  ckaId: string
  sealCkaId: string
  time: string
}

type Around = Pick<RunContext, 'folder' | 'hsm' | 'clock'>

/** A token that still holds the ceremony key of an aborted run. `token`: its role; `pad`: its PIN is entered there. */
export type KeyLeft = { token: string; serial: string; pad: boolean }

/** Null where no ceremony key was made or it is proved absent, and before the run is aborted. */
export function keyLeftBehind(folder: RunContext['folder']): KeyLeft | null {
  const { state } = folder
  const key = state.ceremonyKey
  if (state.base !== 'Aborted' || key === null || folder.has(absenceFile)) return null
  const serial = state.tokens.find(({ role }) => role === key.token)?.serial ?? ''
  return { token: key.token, serial, pad: isAtPad(state.plan, key.token) }
}

/**
 * Ends an aborted run as a closed one ends: the ceremony key signs how the log ended, then it is destroyed and proved
 * absent. What given-up attempts left on the token goes before it. Needs a token that its user is logged in to. Gives null when nothing was left to do. Throws HsmError, and
 * ExpectedError KEY-STAYED.
 */
export async function closeAborted(run: Around): Promise<Absence | null> {
  const { folder, clock } = run
  const left = keyLeftBehind(folder)
  const key = folder.state.ceremonyKey
  if (left === null || key === null) return null
  const { token } = folder.signer(run.hsm)
  if (!folder.has('closeout.json') && (await isWhole(token, key))) await signEnd(run)
  await clearAttempts(run)
  if (!(await destroyKeyHalves(token, left.serial, key))) {
    throw new ExpectedError('KEY-STAYED', `the ceremony key ${key.ckaId} is still on the token`)
  }
  folder.forgetSealedSeed()
  const absence: Absence = {
    v: 1,
    kind: 'ceremony-key-absent',
    ceremonyId: folder.state.ceremonyId,
    serial: left.serial,
    ckaId: key.ckaId,
    sealCkaId: key.sealCkaId,
    time: clock.now(),
  }
  folder.writeDocument(absenceFile, absence)
  return absence
}

/** Nothing is signed by half a key, nor before there is a checkpoint to follow. */
async function isWhole(token: Token, key: { ckaId: string; sealCkaId: string }): Promise<boolean> {
  const pair = await token.findById(key.ckaId)
  const seal = await token.findById(key.sealCkaId)
  return pair.some(({ ref }) => ref.class === 'private') && seal.some(({ ref }) => ref.class === 'secret')
}

async function signEnd({ folder, hsm, clock }: Around): Promise<void> {
  const { state } = folder
  const checkpoint = state.checkpoints.at(-1)
  if (checkpoint === undefined) return
  const closeout: Closeout = {
    v: 1,
    kind: 'closeout',
    domain: state.domain,
    ceremonyId: state.ceremonyId,
    bundleDigest: state.bundle?.digest ?? noBundle,
    lastCheckpoint: checkpoint.digest,
    receipts: [],
    entries: [...folder.entries(checkpoint.size)],
    ...folder.headAt(state.size),
    time: clock.now(),
  }
  // The log itself beside it: whoever is told of the end can follow it there.
  writeDurably(
    join(folder.path, 'transcript.jsonl'),
    encodeTranscript(folder.header, [...folder.entries()].slice(0, state.size)),
    0o644,
  )
  const payload = closeoutCodec.signedBytes(closeout)
  const signature = await signAsCeremony(
    folder.signer(hsm),
    signatureContext('closeout', state.domain),
    payload,
  )
  folder.writeDocument('closeout.json', { payload: closeout, signatures: [signature] })
}
