import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { awaitedCheckpoint, type Needs, type RunView } from '@lux/ceremony'
import { encodeTranscript } from '@lux/ceremony/transcript'
import { type SignatureRequest, signatureRequestCodec } from '@lux/ceremony/wire'
import { encodeCanonical, type Json, toBase64 } from '@lux/crypto'
import { writeDurably } from '../store/durable-file.ts'
import { packageFile } from './fhe-places.ts'
import { bundleFile } from './perform/bundle.ts'
import type { RunFolder } from './run-folder.ts'
import { bytesToSign } from './stand-in-signing.ts'

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
    writeDurably(path, bytes)
    return path
  })
}

type Request = { name: string; bytes: Uint8Array }

function requestsOf(folder: RunFolder, view: RunView): Request[] {
  const { needs } = view
  if (needs === null) return []
  const named = (what: string, bytes: Uint8Array) => ({ name: `${folder.state.size}-${what}.json`, bytes })
  const asked = (what: string, of: { [key: string]: Json }) =>
    named(
      what,
      encodeCanonical({
        v: 1,
        kind: `${what}-request`,
        ceremonyId: view.ceremonyId,
        domain: view.domain,
        ...of,
      }),
    )
  const step = { step: view.current ?? '', text: textOf(view) }
  switch (needs.kind) {
    case 'signatures':
      return [named(needs.what, signatureRequestCodec.encode(signatureRequest(folder, view, needs)))]
    case 'acknowledgements':
      return needs.missing.map((name) => {
        const index = folder.state.fhe?.shares.find(({ holder }) => holder === name)?.index ?? 0
        return named(
          `acknowledgement-${index}`,
          encodeCanonical({
            v: 1,
            kind: 'acknowledgement-request',
            ceremonyId: view.ceremonyId,
            domain: view.domain,
            holder: name,
            envelope: `envelopes/holder-${index}.age`,
            signature: `envelopes/holder-${index}.sig`,
            public: 'fhe/public.bin',
            opening: 'opening.json',
          }),
        )
      })
    case 'receipt':
      return [
        asked('receipt', {
          bundle: bundleFile,
          digest: view.bundle?.digest ?? '',
          audiences: needs.missing,
        }),
      ]
    case 'confirm':
      // Words and hex of public digests: plain JSON.
      return [asked('confirmation', { ...step, names: needs.names, shows: needs.shows as unknown as Json })]
    case 'values':
    case 'pin':
      return [
        asked(needs.kind === 'pin' ? 'pin' : 'values', {
          ...step,
          names: needs.names,
          values: needs.values.map(({ id, label, format }) => ({ id, label, format: format ?? 'text' })),
          ...(needs.kind === 'pin' ? { pins: needs.pins.map(({ ...pin }) => pin) } : {}),
        }),
      ]
    case 'exception': {
      const open = view.exceptions.find(({ id }) => id === needs.id)
      const { expected = '', happened = '' } = open ?? {}
      return [asked('exception', { ...step, id: needs.id, expected, happened, choices: needs.choices })]
    }
    case 'request':
      return [asked('decryption', { decryption: needs.decryption, what: needs.what })]
    case 'answers':
      return [
        asked('holder-answer', {
          decryption: needs.decryption,
          request: needs.subject,
          package: packageOf(folder, needs.decryption),
          missing: needs.missing,
          stillNeeded: needs.stillNeeded,
        }),
      ]
    case 'result':
      return [asked('decryption-result', { decryption: needs.decryption, request: needs.subject })]
    case 'epoch-approvals':
    case 'redeals':
      return [
        asked(needs.kind === 'redeals' ? 'redeal' : 'epoch-approval', {
          planHash: folder.state.planHash,
          public: 'fhe/public.bin',
          missing: needs.missing,
        }),
      ]
    default:
      return []
  }
}

function signatureRequest(
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
      `${what} ${needs.subject}`,
      `${needs.stillNeeded} of ${needs.threshold} still needed: ${needs.missing.join(', ')}`,
    ],
  }
}

/** Where the package of a decryption lies, below the run's folder. */
function packageOf(folder: RunFolder, id: string): string {
  const digest = folder.state.decryptions.find((one) => one.id === id)?.package ?? ''
  return packageFile(digest)
}

function textOf(view: RunView): string {
  return view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === view.current)?.text ?? ''
}
