import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Card } from '@lux/ceremony/wire'
import { mustBeFolder, readBounded } from '@lux/node-files'
import { checkMandate, maxSignatureRequest, type PersonKey, readSignatureRequest } from '@lux/people'
import type { AtHolders } from '../../core/runs/exchange/awaited.ts'
import { deviceLines } from '../../core/runs/exchange/device-lines.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { signingFor, signWith } from './sign.ts'

type InboxOptions = PassphraseOptions & { key?: string; policy?: string; out?: string; yes?: boolean }

/** One request that lies there. `names`: of whom it is asked, where it says so. */
type Waiting = {
  file: string
  what: string
  kinds: readonly Card['kind'][]
  names: readonly string[] | null
  signs: boolean
  /** The commands of a device, where one answers it. */
  commands: readonly string[]
}

const signers = ['officer', 'witness', 'approver'] as const
const maxRequests = 1000

export function registerInbox({ program, act }: CommandLine): void {
  withPassphrase(
    program
      .command('inbox')
      .argument('<dir>', 'the run’s folder, or a folder with its requests')
      .description('Show what arrived, for whom, and what to do; with your key, sign what waits for you.')
      .helpGroup('People:')
      .option('--key <file>', 'your key file')
      .option('--policy <file>', 'the policy that you took by hand, for the commands that are shown')
      .option('--out <dir>', 'where answers go; the run’s in/ by default')
      .option('--yes', 'do not ask at the terminal: for scripts; a person has read and compared everything'),
  )
    .action((dir: string, options: InboxOptions) => act(() => inbox(dir, options)))
    .addHelpText(
      'after',
      `
Each signature is shown as its very bytes say it and asked for alone, as “approve” and “cosign” do. What holders and custodians do
needs more than a key: the command is shown whole. Exit 4: something still waits.

Examples:
  $ custody inbox run
  $ custody inbox run --key my.key`,
    )
}

/** Errors: FOLDER-MISSING, those of `signRequest`. */
async function inbox(dir: string, options: InboxOptions): Promise<Outcome> {
  mustBeFolder(dir)
  const out = options.out ?? (existsSync(join(dir, 'in')) ? join(dir, 'in') : dir)
  mustBeFolder(out)
  if (options.key === undefined) return shown(dir, waitingIn(dir, out, options), null)
  const { key } = await openOwnKey(options.key, options)
  try {
    const { kind, name } = key.card
    const mine = waitingIn(dir, out, options, name).filter(
      ({ kinds, names }) => kinds.includes(kind) && (names === null || names.includes(name)),
    )
    const signed: string[] = []
    for (const { file } of mine.filter(({ signs }) => signs)) {
      const answer = answerPath(out, file, name)
      if (existsSync(answer)) continue
      await signOne(file, key, { ...options, key: options.key, out: answer })
      signed.push(answer)
    }
    return shown(dir, mine, { name, kind, signed, out })
  } finally {
    key.identity.secret.wipe()
  }
}

async function signOne(
  file: string,
  key: PersonKey,
  options: InboxOptions & { key: string; out: string },
): Promise<void> {
  const request = accepted(readSignatureRequest(readBounded(file, maxSignatureRequest)), { request: file })
  await signWith(signingFor(key.card.kind, request), key, options)
}

/** A name of people may hold what a file’s name may not. */
function answerPath(out: string, file: string, name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}]+/gu, '-')
  return join(out, `${basename(file, '.json')}-${safe}.json`)
}

/** In the order in which they were asked. What is no request is passed over: a run's folder has other files too. */
function waitingIn(dir: string, out: string, options: InboxOptions, name = 'NAME'): Waiting[] {
  const requests = existsSync(join(dir, 'out')) ? join(dir, 'out') : dir
  return readdirSync(requests)
    .filter((file) => /^\d+-[a-z0-9-]+\.json$/.test(file))
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .slice(0, maxRequests)
    .flatMap((file) => waitingAt(join(requests, file), { dir, out, options, name }) ?? [])
}

type Around = { dir: string; out: string; options: InboxOptions; name: string }

function waitingAt(file: string, around: Around): Waiting | null {
  const bytes = readBounded(file, maxSignatureRequest)
  const read = readSignatureRequest(bytes)
  if (read.ok) {
    const kinds = signers.filter((kind) => checkMandate(kind, read.value).ok)
    const { what } = read.value
    const commands = [signCommand(kinds[0] ?? 'officer', file, around)]
    return { file, what, kinds, names: null, signs: true, commands }
  }
  const asked = objectOf(bytes)
  const what = asked === null || typeof asked.kind !== 'string' ? null : asked.kind.replace(/-request$/, '')
  if (asked === null || what === null) return null
  const at = byDevice[what]
  const names = namesOf(asked)
  if (at === undefined) return { file, what, kinds: [], names, signs: false, commands: [] }
  return {
    file,
    what,
    kinds: [at.kind],
    names,
    signs: false,
    commands: deviceCommands(at.needs, asked, file, around),
  }
}

function signCommand(kind: Card['kind'], file: string, { out, options, name }: Around): string {
  const verb = kind === 'witness' ? 'cosign' : 'approve'
  return `custody ${kind} ${verb} ${file} --key ${options.key ?? 'KEY'} --out ${answerPath(out, file, name)}`
}

/** Requests that one command of a holder’s or a custodian’s device answers. */
const byDevice: Readonly<Record<string, { kind: Card['kind']; needs: AtHolders['kind'] }>> = {
  acknowledgement: { kind: 'holder', needs: 'acknowledgements' },
  'custodian-acknowledgement': { kind: 'custodian', needs: 'custodian-acknowledgements' },
  share: { kind: 'custodian', needs: 'share-releases' },
  'custodian-statement': { kind: 'custodian', needs: 'share-checks' },
  'holder-answer': { kind: 'holder', needs: 'answers' },
  'epoch-approval': { kind: 'holder', needs: 'epoch-approvals' },
  heartbeat: { kind: 'holder', needs: 'heartbeats' },
  redeal: { kind: 'holder', needs: 'redeals' },
}

function deviceCommands(
  needs: AtHolders['kind'],
  asked: Record<string, unknown>,
  file: string,
  { dir, out, options, name }: Around,
): string[] {
  const below = (member: unknown, otherwise: string) =>
    typeof member === 'string' ? join(dir, member) : otherwise
  return deviceLines(
    { kind: needs, next: needs === 'acknowledgements' && 'envelopes' in asked },
    {
      request: needs === 'answers' ? below(asked.package, file) : file,
      envelope: below(asked.envelope, 'ENVELOPE.age'),
      share: 'SHARE',
      key: options.key ?? 'KEY',
      policy: options.policy ?? 'POLICY',
      ciphertext: 'CIPHERTEXT',
      sheet: 'SHEET.html',
      answer: answerPath(out, file, name),
    },
  )
}

function objectOf(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

function namesOf(asked: Record<string, unknown>): string[] | null {
  for (const member of [asked.missing, asked.names, [asked.holder], [asked.custodian]]) {
    if (!Array.isArray(member)) continue
    const names = member.filter((one) => typeof one === 'string')
    if (names.length > 0) return names
  }
  return null
}

type Signed = { name: string; kind: Card['kind']; signed: string[]; out: string }

function shown(dir: string, all: readonly Waiting[], by: Signed | null): Outcome {
  const open = by === null ? all : all.filter(({ signs }) => !signs)
  const about = by === null ? `${all.length} requests in ${dir}` : `${by.name}, ${by.kind}: ${dir}`
  const lines = [
    all.length === 0 ? `nothing waits${by === null ? '' : ` for ${by.name}`} in ${dir}` : about,
    ...(by?.signed ?? []).map((path) => `signed  ${path}`),
    ...open.flatMap(({ file, what, kinds, names, commands }) => [
      `${what.padEnd(24)} for ${whom(kinds, names)}: ${file}`,
      ...commands.map((command) => `  ${command}`),
    ]),
    ...(by !== null && all.length > 0 ? [`then, at the workstation: custody ceremony resume ${dir}`] : []),
  ]
  return {
    exit: open.length === 0 ? 0 : 4,
    json: {
      ok: true,
      waiting: open.map(({ file, what, kinds, names, commands }) => ({ file, what, kinds, names, commands })),
      ...(by === null ? {} : { by: by.name, signed: by.signed }),
    },
    text: lines.map(escapeForTerminal).join('\n'),
  }
}

function whom(kinds: readonly Card['kind'][], names: readonly string[] | null): string {
  if (names !== null) return names.join(', ')
  return kinds.length === 0 ? 'the people at the workstation' : kinds.map((kind) => `each ${kind}`).join(', ')
}
