import { constants, createHash, createPublicKey, publicEncrypt, randomFillSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { possessionChallenge } from '@lux/ceremony'
import { cardCodec, custodianShareCodec, type DealtBackup, dealtBackup } from '@lux/ceremony/wire'
import {
  aesKwpWrap,
  encodeCanonical,
  fromHex,
  fromUtf8,
  openWith,
  parseCanonical,
  toHex,
  wipe,
} from '@lux/crypto'
import { ExpectedError, makeFolder, readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'
import { runKeyChild } from '../key-child/client.ts'
import { custodianFile } from '../runs/folder/places.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { RehearsalRequest } from './rehearsal-request.ts'
import type { StandIn } from './stand-ins.ts'

const file = 'stand-in-backup.json'
const maxFile = 32_768

type Of = {
  standIns: readonly StandIn[]
  key: string
  t: number
  /** By share. */
  custodians: readonly string[]
}

/**
 * A backup that a plan takes for one of an earlier ceremony: of a root that is made for it and forgotten, dealt to the stand-in
 * custodians before the rehearsal begins. Medium and envelopes lie where a run has those that it deals itself.
 */
export async function makeStandInBackup(
  { folder, entropy, keyChild }: Pick<RehearsalRequest, 'folder' | 'entropy' | 'keyChild'>,
  { standIns, key, t, custodians }: Of,
): Promise<DealtBackup> {
  const [ceremonyId, rootId] = [toHex(entropy.bytes(16)), toHex(entropy.bytes(16))]
  const challenge = possessionChallenge(ceremonyId, rootId)
  const mechanism = 'KWP-RFC5649'
  const root = randomFillSync(new Uint8Array(32))
  const digest = createHash('sha256')
    .update(aesKwpWrap(root, fromHex(challenge)))
    .digest('hex')
  const outDir = join(folder, 'backup')
  makeFolder(outDir)
  const dealt = await runKeyChild(
    {
      do: 'deal-backup',
      params: {
        domain: 'rehearsal',
        ceremonyId,
        key,
        t,
        n: custodians.length,
        custodians: custodians.map((name, at) => holderOf(standIns, name, at + 1)),
        used: [],
        outDir,
      },
    },
    {
      ...keyChild,
      answer: async (spki) => {
        const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
        const padding = constants.RSA_PKCS1_OAEP_PADDING
        const wrapped = new Uint8Array(publicEncrypt({ key: publicKey, padding, oaepHash: 'sha1' }, root))
        wipe(root)
        return { wrapped, possession: { mechanism, challenge, digest } }
      },
    },
  )
  const backup: DealtBackup = {
    bundle: toHex(entropy.bytes(32)),
    key,
    ckaId: toHex(entropy.bytes(16)),
    rootId,
    ceremonyId,
    set: dealt.set,
    identifier: dealt.identifier,
    t,
    medium: dealt.medium,
    mechanism,
    possession: digest,
    shares: dealt.shares.map(({ share }) => share),
  }
  writeDurably(join(folder, file), encodeCanonical({ ...backup }))
  return backup
}

function holderOf(standIns: readonly StandIn[], name: string, index: number) {
  const card = standIns.find((one) => one.role === 'custodian' && one.name === name)?.card
  if (card?.recipient === undefined)
    throw new ExpectedError('STAND-IN-MISSING', `nobody stands in for ${name}`)
  const { recipient } = card
  return {
    index,
    name,
    cardDigest: cardCodec.digest(card),
    recipient,
    card: fromUtf8(cardCodec.encode(card)),
  }
}

/** The backup that a rehearsal takes for the plan's, or null where the plan uses none. */
export function standInBackup(folder: string): DealtBackup | null {
  const path = join(folder, file)
  if (!existsSync(path)) return null
  const read = v.safeParse(dealtBackup, parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile }))
  if (!read.success) throw new ExpectedError('FILE-DAMAGED', path)
  return read.output
}

/** The words that a stand-in custodian would have on the sheet. */
export async function wordsOfStandIn(
  folder: Pick<RunFolder, 'path'>,
  { seal, name }: StandIn,
  index: number,
): Promise<string> {
  if (seal === null) throw new ExpectedError('STAND-IN-ONLY', `${name} holds no share here`)
  const plain = await openWith(seal, readBounded(join(folder.path, `${custodianFile(index)}.age`), maxFile))
  const content = custodianShareCodec.parse(plain)
  wipe(plain)
  if (!content.ok) throw new ExpectedError(content.rule, content.detail)
  return content.value.words
}
