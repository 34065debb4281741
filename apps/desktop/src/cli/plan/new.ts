import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import {
  lintCards,
  maxPlanBytes,
  parseValues,
  planFromScript,
  readScript,
  type Script,
  warnPlan,
} from '@lux/ceremony/plan'
import { expiryWarnings, policyDigest } from '@lux/ceremony/policy'
import { type Card, cardCodec, serverCardCodec, transportCodec } from '@lux/ceremony/wire'
import { utf8 } from '@lux/crypto'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { findParts, findProgram } from '../../core/program.ts'
import { readDestination } from '../../core/rehearsal/rehearsal-request.ts'
import { roomOf } from '../../core/runs/begin/policy-terms.ts'
import { refusedPlan } from '../../core/runs/begin/refused-plan.ts'
import { systemClock } from '../../core/system.ts'
import { refused } from '../shell/command-line.ts'
import { mustBeNew, readCard, readPolicy, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { warningLines } from './lint.ts'

export type NewPlanOptions = {
  set?: Record<string, string>
  values?: string
  policy?: string
  person?: string[]
  destination?: string[]
  library?: string
  out: string
}

const maxLibrary = 1 << 28

/** Fills a script's blanks and writes the plan, with the cards that it names beside it. Errors: PLAN-…, SCRIPT-UNKNOWN. */
export function newPlan(what: string, options: NewPlanOptions): Outcome {
  mustBeNew(options.out)
  const bytes = readBounded(scriptPath(what), maxPlanBytes)
  const script = readScript(bytes)
  if (!script.ok) throw refusedPlan(script.refusals)
  const people = seatedInOrder((options.person ?? []).map(readCard))
  const servers = (options.destination ?? []).map(readServer)
  const values = {
    ...defaults(script.value, options),
    ...(people.length === 0
      ? {}
      : {
          people: people.map((card) => ({ role: card.kind, name: card.name, card: cardCodec.digest(card) })),
        }),
    ...(servers.length === 0
      ? {}
      : {
          destinations: servers.map(({ card, transport }) => ({
            card: serverCardCodec.digest(card),
            ...(transport === null ? {} : { transport: transport.digest }),
          })),
        }),
    ...(options.values === undefined ? {} : valuesOf(options.values)),
    ...typedSet(script.value, options.set ?? {}),
  }
  const policy = options.policy === undefined ? null : readPolicy(options.policy).policy
  const terms = policy === null ? undefined : roomOf(policy)
  const made = planFromScript(bytes, values, terms)
  if (!made.ok) throw refusedPlan(made.refusals)
  const { text, hash, plan } = made.value
  const cardOf = (digest: string) => people.find((card) => cardCodec.digest(card) === digest)
  const twice = lintCards(plan, cardOf, terms?.listed)
  if (twice.length > 0) throw refusedPlan(twice)
  writeNew(options.out, utf8(text))
  const cards = join(dirname(resolve(options.out)), 'cards')
  for (const card of people)
    writeDurably(join(cards, `${cardCodec.digest(card)}.json`), cardCodec.encode(card), 0o644)
  for (const { card, transport } of servers) {
    writeDurably(join(cards, `${serverCardCodec.digest(card)}.json`), serverCardCodec.encode(card), 0o644)
    if (transport !== null)
      writeDurably(join(cards, `transport-${transport.digest}.json`), transport.file, 0o644)
  }
  const words = wordsOf(hash)
  const late = policy === null ? [] : expiryWarnings(policy, systemClock.now())
  const warnings = [...warningLines(warnPlan(plan)), ...late]
  return {
    exit: 0,
    json: { ok: true, plan: options.out, title: plan.title, hash, words, warnings },
    text: [`plan    ${options.out}`, `hash    ${hash}`, ...wordLines(words), ...warnings].join('\n'),
  }
}

/** In the order given, but that a renewed card follows the one that it renews: the seat of the present epoch comes first. */
function seatedInOrder(cards: readonly Card[]): Card[] {
  const digests = cards.map((card) => cardCodec.digest(card))
  const renewing = (card: Card) => card.renews !== undefined && digests.includes(card.renews.card)
  return [...cards.filter((card) => !renewing(card)), ...cards.filter(renewing)]
}

/** A script file, or the name of one that is shipped. */
export function scriptPath(what: string): string {
  if (!/^[a-z0-9-]+$/.test(what)) return what
  const folder = join(findParts().resources, 'scripts')
  const path = join(folder, `${what}.yaml`)
  if (existsSync(path)) return path
  if (existsSync(what)) return what
  const known = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ''))
  throw new WrongUse(
    'SCRIPT-UNKNOWN',
    `no script is called ${what}; there are ${known.join(', ')}, or name a file`,
  )
}

/** What this machine knows by itself; every blank is taken only where the script has it. */
function defaults(script: Script, { policy, library }: NewPlanOptions): Record<string, unknown> {
  const known: Record<string, unknown> = { title: script.title, tool: findProgram().measurement.build }
  if (policy !== undefined) {
    const { policy: read } = readPolicy(policy)
    known.policy = policyDigest(read)
    known.organisationId = read.organisation.id
    known.organisationName = read.organisation.name
  }
  if (library !== undefined) {
    const bytes = readBounded(library, maxLibrary)
    known.library = createHash('sha256').update(bytes).digest('hex')
  }
  return Object.fromEntries(Object.entries(known).filter(([name]) => Object.hasOwn(script.blanks, name)))
}

function valuesOf(path: string): Record<string, unknown> {
  const parsed = parseValues(readBounded(path, maxPlanBytes))
  if (!parsed.ok) throw refusedPlan(parsed.refusals)
  return parsed.value
}

/** Text of the command line as the type of its blank; an unknown name goes on as it is, to be refused with the others. */
function typedSet(script: Script, set: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(set).map(([name, text]) => {
      const type = Object.hasOwn(script.blanks, name) ? script.blanks[name]?.type : undefined
      if (type === 'integer') return [name, /^-?\d{1,9}$/.test(text) ? Number(text) : text]
      if (type === 'boolean') return [name, text === 'true' ? true : text === 'false' ? false : text]
      if (type === 'names') return [name, text.split(',').map((one) => one.trim())]
      return [name, text]
    }),
  )
}

/** Errors: TRANSPORT-MALFORMED, TRANSPORT-SERVER where the transport key is not signed by the server of the card. */
function readServer(path: string) {
  const { card, transport } = readDestination(path)
  if (transport === null) return { card, transport }
  const document = transportCodec.file.check(transport)
  if (!document.ok) throw refused(document)
  const { payload } = document.value
  const members = [{ name: payload.node, keys: card.receiptKey }]
  const signed = transportCodec.verify(document.value, card.domain, [{ role: 'server', members, quorum: 1 }])
  if (!signed.ok || payload.audience !== serverCardCodec.digest(card) || payload.domain !== card.domain)
    throw new ExpectedError('TRANSPORT-SERVER', `${path} is not of the server whose card.json lies beside it`)
  return {
    card,
    transport: {
      digest: transportCodec.payload.digest(payload),
      file: transportCodec.file.encode(document.value),
    },
  }
}
