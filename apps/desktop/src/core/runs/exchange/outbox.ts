import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { awaitedCheckpoint, type Needs, type RunView } from '@lux/ceremony'
import { encodeTranscript } from '@lux/ceremony/transcript'
import { type SignatureRequest, signatureRequestCodec } from '@lux/ceremony/wire'
import { encodeCanonical, equalBytes, type Json, toBase64 } from '@lux/crypto'
import { readBounded, writeDurably } from '@lux/node-files'
import { nextSignatureFile, seedsName } from '@lux/people'
import { bundleFile } from '../effects/sealing/bundle.ts'
import { approvedPackage } from '../folder/approved-package.ts'
import { custodianFile, shareRequestFile } from '../folder/places.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { bytesToSign } from './bytes-to-sign.ts'
import {
  type VendorAttestation,
  type VendorWork,
  vendorAttestationAt,
  vendorWorkAt,
} from './vendor-procedure.ts'

/**
 * Writes what people are asked for now as DIR/out/<seq>-<what>.json and takes away what was asked before. `seq` is the
 * number of entries in the log. Gives the paths, none where nothing is asked.
 */
export function writeRequests(folder: RunFolder, view: RunView): string[] {
  const requests = requestsOf(folder, view)
  const out = join(folder.path, 'out')
  const names = new Set(requests.map(({ name }) => name))
  for (const old of existsSync(out) ? readdirSync(out) : []) {
    if (/^\d+-[a-z0-9-]+\.json$/.test(old) && !names.has(old)) rmSync(join(out, old), { force: true })
  }
  return requests.map(({ name, bytes }) => {
    const path = join(out, name)
    if (!holds(path, bytes)) writeDurably(path, bytes)
    return path
  })
}

/** Whether it was asked before in these words. */
function holds(path: string, bytes: Uint8Array): boolean {
  return (
    existsSync(path) &&
    statSync(path).size === bytes.length &&
    equalBytes(readBounded(path, bytes.length), bytes)
  )
}

type Request = { name: string; bytes: Uint8Array }

function requestsOf(folder: RunFolder, view: RunView): Request[] {
  const { needs } = view
  if (needs === null) return []
  const named = (what: string, bytes: Uint8Array) => ({ name: `${folder.state.size}-${what}.json`, bytes })
  const { ceremonyId, domain } = view
  const asked = (name: string, what: string, of: { [key: string]: Json }) =>
    named(name, encodeCanonical({ v: 1, kind: `${what}-request`, ceremonyId, domain, ...of }))
  const step = { step: view.current ?? '', text: textOf(view) }
  const ofEpoch = { planHash: folder.state.planHash, public: 'fhe/public.bin' }
  // Asked until the epoch is assembled: every holder who says nothing costs the new shares a part of what they may answer.
  const statementRequests = () => {
    const { unstated: missing, carried } = view
    return carried === null ? [] : [asked(...twice('epoch-approval'), { ...ofEpoch, missing, carried })]
  }
  switch (needs.kind) {
    case 'signatures':
      return [named(needs.what, signatureRequestCodec.encode(signatureRequest(folder, view, needs)))]
    case 'acknowledgements':
      return acknowledgementsOf(folder, needs.missing).map(({ index, ...of }) =>
        asked(`acknowledgement-${index}`, 'acknowledgement', of),
      )
    case 'custodian-acknowledgements':
      return sharesOf(folder, needs.missing).map(({ index, ...of }) =>
        asked(`custodian-acknowledgement-${index}`, 'custodian-acknowledgement', of),
      )
    case 'share-releases':
      return [named('share-request', encodeCanonical(folder.readDocument(shareRequestFile)))]
    case 'share-checks':
      return statementsOf(folder, needs.missing).map(({ index, ...of }) =>
        asked(`custodian-statement-${index}`, 'custodian-statement', { index, ...of }),
      )
    case 'receipt':
      return [
        asked('receipt', 'receipt', {
          bundle: bundleFile,
          digest: view.bundle?.digest ?? '',
          audiences: needs.missing,
        }),
      ]
    case 'confirm':
      return [
        asked('confirmation', 'confirmation', {
          ...step,
          names: needs.names,
          // Words and hex of public digests: plain JSON.
          shows: needs.shows as unknown as Json,
          ...attestationPart(vendorAttestationAt(folder)),
        }),
        ...statementRequests(),
      ]
    case 'values':
    case 'pin':
      return [
        asked(...twice(needs.kind === 'pin' ? 'pin' : 'values'), {
          ...step,
          names: needs.names,
          values: needs.values.map(({ id, label, format }) => ({ id, label, format: format ?? 'text' })),
          ...(needs.kind === 'pin' ? { pins: needs.pins.map(({ ...pin }) => pin) } : {}),
          ...vendorPart(vendorWorkAt(folder)),
        }),
        ...statementRequests(),
      ]
    case 'exception': {
      const open = view.exceptions.find(({ id }) => id === needs.id)
      const { expected = '', happened = '' } = open ?? {}
      return [
        asked('exception', 'exception', {
          ...step,
          id: needs.id,
          expected,
          happened,
          choices: needs.choices,
        }),
      ]
    }
    case 'request':
      return [asked('decryption', 'decryption', { decryption: needs.decryption, what: needs.what })]
    case 'answers':
      return [
        asked('holder-answer', 'holder-answer', {
          decryption: needs.decryption,
          request: needs.subject,
          package: packageOf(folder, needs.decryption),
          missing: needs.missing,
          stillNeeded: needs.stillNeeded,
        }),
      ]
    case 'result':
      return [
        asked('decryption-result', 'decryption-result', {
          decryption: needs.decryption,
          request: needs.subject,
        }),
      ]
    case 'heartbeats': {
      const { keyId, epochId } = folder.state.epoch ?? {}
      const of = { keyId: keyId ?? '', epochId: epochId ?? '', challenge: needs.subject }
      return [asked(...twice('heartbeat'), { ...of, missing: needs.missing, names: needs.names })]
    }
    case 'epoch-approvals':
      return statementRequests()
    case 'redeals':
      return [asked(...twice('redeal'), { ...ofEpoch, missing: needs.missing }), ...statementRequests()]
    default:
      return []
  }
}

/** The commands that people type into the vendor's own tool first. */
function vendorPart(work: VendorWork | null): { [key: string]: Json } {
  if (work === null) return {}
  const { steps, ...moves } = work
  return { vendor: { ...moves, steps: steps.map((step) => ({ ...step })) } }
}

/** The file that the vendor's tool gives for the key, and where it goes. */
function attestationPart(of: VendorAttestation | null): { [key: string]: Json } {
  if (of === null) return {}
  const { ckaId, how, file } = of
  return { attestation: { ckaId, how, file } }
}

/** What people's devices are asked to sign now. */
export function signatureRequest(
  folder: RunFolder,
  view: RunView,
  needs: Extract<Needs, { kind: 'signatures' }>,
): SignatureRequest {
  const { what } = needs
  const size = awaitedCheckpoint(folder.state)?.size ?? 0
  return {
    v: 1,
    kind: 'signature-request',
    what,
    domain: view.domain,
    subject: toBase64(bytesToSign(folder, what)),
    ...(what === 'checkpoint'
      ? { transcript: toBase64(encodeTranscript(folder.header, [...folder.entries()].slice(0, size))) }
      : {}),
    lines: [
      view.title,
      `ceremony ${view.ceremonyId}`,
      `digest ${needs.subject}`,
      `${needs.stillNeeded} of ${needs.threshold} still needed: ${needs.missing.join(', ')}`,
    ],
  }
}

const twice = (what: string): [string, string] => [what, what]

/** What a holder has to open: the envelope that was dealt, or what all dealers of the next epoch sealed. */
function acknowledgementsOf({ state }: RunFolder, missing: readonly string[]) {
  const next = state.reshare?.next
  if (!next)
    return missing.map((name) => {
      const index = state.fhe?.shares.find(({ holder }) => holder === name)?.index ?? 0
      return {
        index,
        holder: name,
        envelope: `envelopes/holder-${index}.age`,
        signature: `envelopes/holder-${index}.sig`,
        public: 'fhe/public.bin',
        opening: 'opening.json',
      }
    })
  const dealers = (state.reshare?.redealt ?? []).map(({ dealer }) => dealer).toSorted((a, b) => a - b)
  return missing.map((name) => {
    const index = next.holders.indexOf(name) + 1
    return {
      index,
      holder: name,
      epochId: next.epochId,
      envelopes: dealers.map((dealer) => `fhe/redeal/${seedsName(dealer, index)}`),
      signature: nextSignatureFile(index),
      public: 'fhe/next/public.bin',
      opening: 'opening.json',
    }
  })
}

/** What a custodian has to open, and what is carried away beside it. */
function sharesOf({ state }: RunFolder, missing: readonly string[]) {
  return state.backups.flatMap(({ key, shares }) =>
    shares
      .filter(({ name }) => missing.includes(name))
      .map(({ index, name }) => ({
        index,
        custodian: name,
        key,
        envelope: `${custodianFile(index)}.age`,
        signature: `${custodianFile(index)}.sig`,
        opening: 'opening.json',
      })),
  )
}

/** What a custodian states of a share that an earlier ceremony dealt: all that the words of the sheet are checked by. */
function statementsOf({ state: { plan, recovery } }: RunFolder, missing: readonly string[]) {
  if (plan.recovery === undefined || recovery === null) return []
  const { use, custodians } = plan.recovery
  const { key, set, identifier, t, shares } = recovery.backup
  return missing.map((custodian) => {
    const at = custodians.indexOf(custodian)
    return {
      index: at + 1,
      custodian,
      use,
      key,
      set,
      identifier,
      t,
      share: shares[at] ?? '',
      opening: 'opening.json',
    }
  })
}

/** The package with all approvals, written where holders find it, below the run's folder. */
function packageOf(folder: RunFolder, id: string): string {
  const { package: taken, digest } = folder.state.decryptions.find((one) => one.id === id) ?? {}
  const file = `decryptions/${id}/request.json`
  if (taken && digest) folder.writeDocument(file, approvedPackage(folder, taken, digest))
  return file
}

function textOf(view: RunView): string {
  return view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === view.current)?.text ?? ''
}
