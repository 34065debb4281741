import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DecryptionRequest, holderAnswerCodec, requestDigest } from '@lux/ceremony/wire'
import { parseCanonical, sha256Hex, toHex } from '@lux/crypto'
import { parsePublic } from '@lux/crypto/fhe'
import { ExpectedError, readBounded, withSystemErrors } from '@lux/node-files'
import { maxHolderAnswer, maxRequest } from '@lux/people'
import { inFile, readPublicFile } from '../shell/fhe-files.ts'

const maxWaiting = 1 << 20

const publicFiles = ['fhe/next/public.bin', 'fhe/public.bin'] as const

/** The public files in a run's folder, that of the epoch that comes first. */
function publicsOf(run: string): string[] {
  return publicFiles.map((file) => join(run, file)).filter((path) => existsSync(path))
}

/** What a run waits for at its decryption: what is to be asked for, in the plan's words, and of which epoch. Errors: FILE-MISSING. */
export function askedOfRun(run: string): { readonly what: string; readonly public: string } {
  const number = (path: string) => Number(/(\d+)-decryption\.json$/.exec(path)?.[1])
  const waiting = namesIn(join(run, 'out'))
    .filter((path) => /\/\d+-decryption\.json$/.test(path))
    .toSorted((a, b) => number(a) - number(b))
    .at(-1)
  const [path] = publicsOf(run)
  const what = waiting === undefined ? null : whatOf(readBounded(waiting, maxWaiting))
  if (what !== null && path !== undefined) return { what, public: path }
  throw new ExpectedError('FILE-MISSING', `${run} waits for no decryption request`)
}

function whatOf(bytes: Uint8Array): string | null {
  const waiting = parseCanonical(bytes, { maxBytes: maxWaiting })
  const { what } =
    typeof waiting === 'object' && waiting !== null ? { what: null, ...waiting } : { what: null }
  return typeof what === 'string' ? what : null
}

/** public.bin of a request's epoch. Errors: FILE-MISSING. */
export function publicOfRun(run: string, { epochId }: Pick<DecryptionRequest, 'epochId'>): string {
  const path = publicsOf(run).find(
    (file) => toHex(inFile(file, () => parsePublic(readPublicFile(file))).header.epochId) === epochId,
  )
  if (path !== undefined) return path
  throw new ExpectedError('FILE-MISSING', `no public.bin in ${run} is of the request’s epoch`)
}

/** A holder's signed answer, and the part in the file that it names. */
export type AnswerFiles = { readonly answer: string; readonly sealed: string }

/** Holders' yes to this very request, in what was brought into a run, taken or not: each with its part, whatever the files are called. */
export function answersOfRun(run: string, request: DecryptionRequest): AnswerFiles[] {
  const digest = requestDigest(request)
  const paths = ['in', 'in/taken'].flatMap((folder) => namesIn(join(run, folder)))
  const parts = new Map(
    paths
      .filter((path) => path.endsWith('.age'))
      .map((path) => [sha256Hex(readBounded(path, maxHolderAnswer)), path]),
  )
  const byHolder = new Map<number, AnswerFiles>()
  for (const answer of paths.filter((path) => !notAnswer.test(path))) {
    const read = holderAnswerCodec.file.parse(readBounded(answer, maxRequest))
    if (!read.ok) continue
    const { request: of, holder, sealed } = read.value.payload
    const part = parts.get(sealed ?? '')
    if (of === digest && part !== undefined) byHolder.set(holder, { answer, sealed: part })
  }
  return [...byHolder].toSorted(([a], [b]) => a - b).map(([, files]) => files)
}

/** What comes along with an answer. */
const notAnswer = /\.(age|bin|attestation|part)$/

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const all = withSystemErrors(() => readdirSync(folder, { withFileTypes: true }), folder)
  return all
    .filter((one) => one.isFile() && !one.name.startsWith('.'))
    .map(({ name }) => join(folder, name))
    .toSorted()
}
