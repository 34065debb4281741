import { join } from 'node:path'
import type { EffectOf, KeyEvidence } from '@lux/ceremony'
import { type KeyStatement, keyStatementCodec, signatureContext } from '@lux/ceremony/wire'
import {
  assembleSignature,
  ecSpkiFromSec1,
  fromBase64,
  p256RawToDer,
  sec1FromEcSpki,
  sha256,
  sha256Hex,
  signedMessage,
  toBase64,
} from '@lux/crypto'
import { confirmAsStandIn, type Token, verifyAttestation } from '@lux/hsm'
import { ExpectedError, readBounded } from '@lux/node-files'
import { type Perform, type RunContext, tokenOf } from './context.ts'
import { toEvidence } from './key/key-evidence.ts'
import { ceremonyKeyLabel } from './opening/ceremony-key.ts'
import { loadStandInVendor, standInVendorName } from './rehearsal-vendor.ts'
import { leavesNothing, type Works } from './work.ts'

type Effect = EffectOf<'attest'>

export const maxAttestation = 1 << 18

/** Where people put the vendor's attestation of the key itself, which can only be made once the key is. */
export const vendorFile = (folder: string, step: string): string => join(folder, 'in', `${step}.attestation`)

/**
 * Reads the key, has the companion sign what was read, and checks the vendor's chain to the root that the policy pins, as a
 * verifier will. Leaves nothing behind on the token, so it may run again. Errors: ATTESTATION-….
 */
export const attest: Perform<'attest'> = async (effect, run) => {
  const token = tokenOf(run, effect.serial)
  const read = effect.recorded ?? (await readKey(effect, run, token))
  if (effect.by === 'vendor') {
    const { p256 = '' } = run.folder.state.ceremonyKey?.keys ?? {}
    const files = check(effect, run, ecSpkiFromSec1('P-256', fromBase64(p256)))
    return { by: effect.by, ...files, statement: null, evidence: { ...read, level: 'E3' } }
  }
  const ckaId = effect.attestation.companion?.ckaId ?? ''
  const spki = await token.publicKeySpki({ id: ckaId, class: 'public' })
  const files = check(effect, run, spki)
  const document = await sign(effect, run, { token, ckaId, spki, read })
  return {
    by: effect.by,
    ...files,
    statement: { document: run.folder.blobs.put(document), size: effect.size },
    evidence: { ...read, level: 'E2' },
  }
}

async function readKey(effect: Effect, run: RunContext, token: Token): Promise<KeyEvidence> {
  const { ckaId, level, id } = effect
  const label = level === 'ceremony' ? ceremonyKeyLabel : id
  const keyClass = level === 'ceremony' ? 'private' : 'secret'
  const reports = await token.readAttributes({ id: ckaId, class: keyClass })
  // Nothing was asked for here, so what cannot be read is an attribute that keys of this kind lack.
  const there = reports.filter(({ ok, expected }) => ok || expected !== null)
  return toEvidence(run, effect.token, { ckaId, label }, there)
}

/** Digests of the root certificate and of the attestation of `spki`, both in the run's folder. */
function check(effect: Effect, run: RunContext, spki: Uint8Array): { root: string; chain: string } {
  const { root, chain } = filesOf(effect, run, spki)
  const digest = sha256Hex(root)
  const pinned = run.policy.policy.attestationRoots?.find(({ certificate }) => certificate === digest)
  if (pinned === undefined) throw new ExpectedError('ATTESTATION-ROOT', `the policy does not pin ${digest}`)
  const { format } = pinned
  const { created } = run.folder.header
  const result = verifyAttestation({ format, chain, root, spki, serial: effect.serial, time: created })
  if (!result.ok) throw new ExpectedError(result.rule, result.detail)
  return { root: run.folder.blobs.put(root), chain: run.folder.blobs.put(chain) }
}

function filesOf(effect: Effect, run: RunContext, spki: Uint8Array): { root: Uint8Array; chain: Uint8Array } {
  const { folder } = run
  if (effect.domain === 'rehearsal') {
    const vendor = loadStandInVendor(folder.path)
    const { created } = folder.header
    return {
      root: vendor.root,
      chain: confirmAsStandIn(vendor, { subject: standInVendorName, spki, created }),
    }
  }
  const { root, companion } = effect.attestation
  const vendor = effect.by === 'vendor'
  return {
    root: folder.blobs.get(root),
    chain: vendor
      ? readBounded(vendorFile(folder.path, effect.step), maxAttestation)
      : folder.blobs.get(companion?.chain ?? ''),
  }
}

async function sign(
  effect: Effect,
  run: RunContext,
  by: { token: Token; ckaId: string; spki: Uint8Array; read: KeyEvidence },
): Promise<Uint8Array> {
  const { domain, ceremonyId, planHash, level, serial, identity } = effect
  const keys = { p256: toBase64(sec1FromEcSpki('P-256', by.spki)) }
  const payload: KeyStatement = {
    v: 1,
    kind: 'key-statement',
    domain,
    ceremonyId,
    planHash,
    stepId: effect.step,
    key: effect.id,
    level,
    serial,
    ckaId: effect.ckaId,
    identity,
    attributes: by.read.attributes,
    companion: { ckaId: by.ckaId, keys },
    head: run.folder.headAt(effect.size),
  }
  const context = signatureContext('key-statement', domain)
  const message = signedMessage(context, keyStatementCodec.signedBytes(payload))
  const raw = await by.token.signEcdsa({ key: { id: by.ckaId, class: 'private' }, digest: sha256(message) })
  const document = { payload, signatures: [assembleSignature(keys, { p256: p256RawToDer(raw) })] }
  const group = { role: 'companion', members: [{ name: 'companion', keys }], quorum: 1 }
  const signed = keyStatementCodec.verify(document, domain, [group])
  if (!signed.ok)
    throw new ExpectedError(
      'ATTESTATION-KEY',
      `the private half of ${by.ckaId} does not belong to its public half, so a new companion is needed: ${signed.detail}`,
    )
  return keyStatementCodec.file.encode(document)
}

export const works = {
  attest: { perform: attest, look: leavesNothing },
} satisfies Works<'attest'>
