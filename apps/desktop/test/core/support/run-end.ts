import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { possessionChallenge, type State } from '@lux/ceremony'
import { verifyBundle } from '@lux/ceremony/bundle'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { receiptCodec } from '@lux/ceremony/wire'
import { fromHex, utf8 } from '@lux/crypto'
import { softTokenEnvironment, startHsm, verifyAttestation } from '@lux/hsm'
import { fileReader } from '@lux/node-files'
import { expect } from 'vitest'
import { rehearsalPins } from '../../../src/core/rehearsal/rehearsal-pins.ts'
import { RunFolder } from '../../../src/core/runs/folder/run-folder.ts'
import type { Destination } from './destination.ts'

export function stateOf(dir: string): State {
  const folder = RunFolder.open(dir)
  folder.close()
  return folder.state
}

export function entriesOf(dir: string) {
  const folder = RunFolder.open(dir)
  try {
    return [...folder.entries()]
  } finally {
    folder.close()
  }
}

/** Token objects of the rehearsal's own token, as `class label id`. */
export async function objectsOf(dir: string): Promise<string[]> {
  const soft = softTokenEnvironment(join(dir, 'token'))
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  try {
    const serials = (await hsm.tokens()).filter(({ initialised }) => initialised).map(({ serial }) => serial)
    expect(serials).toEqual(stateOf(dir).tokens.map(({ serial }) => serial))
    const token = hsm.token(serials[0]!)
    await token.logIn({ user: 'user', pin: utf8(rehearsalPins(dir).user) })
    const { objects, damaged } = await token.inventory()
    expect(damaged).toEqual([])
    return objects
      .filter((object) => object.token)
      .map((object) => `${object.class} ${object.label} ${object.id}`)
      .toSorted()
  } finally {
    await hsm.close()
  }
}

/** The keys that the log says were made, and no other: the ceremony key's pair, what seals its seed, the root. */
export function plannedObjects(dir: string): string[] {
  const { ceremonyKey, keys } = stateOf(dir)
  const root = keys.find(({ level }) => level === 'root')!
  return [
    `private ceremony-key ${ceremonyKey!.ckaId}`,
    `public ceremony-key ${ceremonyKey!.ckaId}`,
    `secret ceremony-key-seal ${ceremonyKey!.sealCkaId}`,
    `secret ${root.id} ${root.ckaId}`,
  ].toSorted()
}

export async function verdictOf(dir: string): Promise<string> {
  const policy = parsePolicyFile(new Uint8Array(readFileSync(join(dir, 'policy.json'))))
  if (!policy.ok) throw new Error(policy.detail)
  const reader = fileReader(join(dir, 'bundle.zip'))
  try {
    const { verdict, failed } = await verifyBundle(reader, {
      policy: policy.value,
      attestation: verifyAttestation,
    })
    return [verdict, ...failed].join(' ')
  } finally {
    reader.close()
  }
}

/** The receipt that the destination gives once it has taken the root out of the run's blob. */
export function receiptFor(
  dir: string,
  destination: Destination,
  tamper?: Parameters<Destination['receive']>[0]['tamper'],
): Promise<Uint8Array> {
  const state = stateOf(dir)
  const root = state.keys.find(({ level }) => level === 'root')!
  return destination.receive({
    sealed: new Uint8Array(readFileSync(join(dir, 'blobs', root.blobs[0]!.sealed))),
    challenge: fromHex(possessionChallenge(root.bornIn, root.rootId)),
    ceremonyId: state.ceremonyId,
    bundleDigest: state.bundle!.digest,
    rootId: root.rootId,
    policyDigest: state.policyDigest,
    ...(tamper === undefined ? {} : { tamper }),
  })
}

/**
 * A correct end at the receipt: exactly the planned keys on the token, a bundle that anybody accepts, and a blob that
 * holds the very root which this run proved.
 */
export async function expectWhole(dir: string, destination: Destination): Promise<void> {
  expect(await objectsOf(dir)).toEqual(plannedObjects(dir))
  expect(await verdictOf(dir)).toBe('accepted')
  const made = stateOf(dir).keys.map(({ id }) => id)
  expect(made).toEqual(['root-kek', 'organisation-kek', 'project-kek', 'data-key'])
  const receipt = receiptCodec.file.parse(await receiptFor(dir, destination))
  if (!receipt.ok) throw new Error(receipt.detail)
  const proved = stateOf(dir).proofs.find(({ key }) => key === 'root-kek')
  expect(receipt.value.payload.roots[0]!.possession).toBe(proved?.digest)
}
