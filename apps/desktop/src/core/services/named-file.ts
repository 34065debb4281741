import { statSync } from 'node:fs'
import { readPlan, readScript } from '@lux/ceremony/plan'
import {
  cardCodec,
  planLockCodec,
  requestPackageCodec,
  serverCardCodec,
  signatureAnswerCodec,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import { FormatError, type Json, parseCanonical } from '@lux/crypto'
import { fileReader, withSystemErrors } from '@lux/node-files'
import type { InputOf, NamedFile } from '../../contract/index.ts'
import { awaitedDocuments } from '../runs/exchange/awaited.ts'
import type { ServiceContext } from './shared/service-context.ts'

const most = 1 << 20

/** What a file is that a person dropped where it is not taken, and where it belongs. Nothing is taken in. */
export async function nameFile(parts: ServiceContext, asked: InputOf<'files.name'>): Promise<NamedFile> {
  const given = parts.paths.read(asked.path)
  if (withSystemErrors(() => statSync(given), given).isDirectory())
    return { what: 'folder', belongs: ['bundles'] }
  const reader = fileReader(given)
  try {
    return named(await reader.read(0, most))
  } finally {
    reader.close()
  }
}

const unknown: NamedFile = { what: 'unknown', belongs: [] }

function named(bytes: Uint8Array): NamedFile {
  if (startsWith(bytes, 'PK\u0003\u0004')) return { what: 'bundle', belongs: ['bundles'] }
  if (startsWith(bytes, 'age-encryption.org/')) return { what: 'sealed', belongs: ['device'] }
  if (cardCodec.parse(bytes).ok) return { what: 'card', belongs: ['setup', 'holders'] }
  if (serverCardCodec.parse(bytes).ok) return { what: 'server', belongs: ['setup'] }
  const answer = signatureAnswerCodec.parse(bytes)
  if (answer.ok) {
    const { what } = answer.value
    if (what === 'plan-approval') return { what: 'signature', belongs: ['setup'] }
    return { what: 'signature', belongs: what === 'policy' ? ['setup', 'run'] : ['run'] }
  }
  if (signatureRequestCodec.parse(bytes).ok) return { what: 'request', belongs: ['device'] }
  if (requestPackageCodec.parse(bytes).ok) return { what: 'answer', belongs: ['run'] }
  if (readScript(bytes).ok) return { what: 'script', belongs: ['setup'] }
  if (readPlan(bytes).ok) return { what: 'plan', belongs: ['ceremonies'] }
  if (planLockCodec.parse(bytes).ok) return { what: 'lock', belongs: ['ceremonies'] }
  return byKind(bytes)
}

function byKind(bytes: Uint8Array): NamedFile {
  const document = documentOf(bytes)
  if (!isObject(document)) return unknown
  if ('policy' in document && 'signatures' in document)
    return { what: 'policy', belongs: ['setup', 'bundles'] }
  const { kind } = isObject(document.payload) ? document.payload : document
  if (kind === 'transport') return { what: 'server', belongs: ['setup'] }
  if (kind === 'person-key' || kind === 'holder-state' || kind === 'held-share')
    return { what: 'key', belongs: ['device'] }
  const answers: readonly unknown[] = [...awaitedDocuments, 'refusal']
  return answers.includes(kind) ? { what: 'answer', belongs: ['run'] } : unknown
}

function documentOf(bytes: Uint8Array): Json {
  try {
    return parseCanonical(bytes, { maxBytes: most })
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function startsWith(bytes: Uint8Array, text: string): boolean {
  return String.fromCharCode(...bytes.subarray(0, text.length)) === text
}
