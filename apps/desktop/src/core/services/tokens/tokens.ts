import { utf8 } from '@lux/crypto'
import { type Capability, HsmError, type ProbeReport, type TokenInfo, tokenOfSerial } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import type {
  InputOf,
  LibraryView,
  ObjectView,
  ProbeView,
  SlotView,
  TokenView,
  TrialResult,
  TrialView,
} from '../../../contract/index.ts'
import { atPad } from '../../runs/effects/token/pin-pad.ts'
import { libraryViewOf } from '../library.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { probesInRun } from './token-probes.ts'
import { objectViewOf, probeViewOf, tokenViewOf } from './token-view.ts'

export async function listTokens(parts: ServiceContext): Promise<{
  library: LibraryView | null
  slots: SlotView[]
}> {
  const hsm = parts.hsm()
  const tokens = await hsm.tokens()
  return {
    library: libraryViewOf(hsm),
    slots: [
      ...tokens.map((info) => ({ slot: info.slot, token: viewOf(parts, info), failure: null })),
      ...hsm.unreadable.map(({ slot, code, ckr, detail }) => ({
        slot,
        token: null,
        failure: { code, detail: ckr === null ? detail : `${detail} (${ckr.name})` },
      })),
    ],
  }
}

export function viewOf(parts: ServiceContext, info: TokenInfo): TokenView {
  return tokenViewOf(info, {
    probe: storedProbe(parts, info.serial),
    inRuns: [...parts.runs.all()].flatMap(([, { run }]) => probesInRun(run.folder.state, info.serial)),
    ceremonies: ceremoniesOn(parts, info.serial),
    padMs: parts.hsm().padDeadlineMs,
  })
}

function storedProbe({ store }: ServiceContext, of: string): { at: string; report: ProbeReport } | null {
  const row = store.probe(of)
  // Written by probeToken alone.
  return row === null ? null : { at: row.at, report: JSON.parse(row.report) as ProbeReport }
}

function ceremoniesOn({ runs }: ServiceContext, of: string): string[] {
  return [...runs.all()]
    .filter(([, { run }]) => run.folder.state.tokens.some((token) => token.serial === of))
    .map(([id]) => id)
}

/** Errors: TOKEN-UNKNOWN, HSM-SERIAL-AMBIGUOUS, that of a slot that does not say what it holds, which may be it. */
export async function found(parts: ServiceContext, of: string): Promise<TokenInfo> {
  const info = tokenOfSerial(await parts.hsm().tokens(), of)
  if (info !== null) return info
  const [dark] = parts.hsm().unreadable
  if (dark !== undefined)
    throw new HsmError({ ...dark, detail: `slot ${dark.slot} does not say what it holds: ${dark.detail}` })
  throw new ExpectedError('TOKEN-UNKNOWN', `no token with serial ${of} is connected`)
}

export async function inventory(
  parts: ServiceContext,
  { serial: of }: InputOf<'tokens.inventory'>,
): Promise<{ objects: ObjectView[]; private: boolean }> {
  await found(parts, of)
  const list = await parts.hsm().token(of).inventory()
  const objects = list.objects.map((object) => objectViewOf(object, ceremonyOf(parts, object.id)))
  const damaged = list.damaged.map(
    ({ name, reason }): ObjectView => ({
      id: '',
      label: name,
      class: 'damaged',
      type: reason,
      flags: {},
      unreadable: [],
      ceremony: null,
    }),
  )
  return { objects: [...objects, ...damaged], private: list.loggedIn === 'user' }
}

function ceremonyOf({ runs }: ServiceContext, ckaId: string): string | null {
  for (const [, { run }] of runs.all()) {
    const { keys, ceremonyKey } = run.folder.state
    const made = [...keys.map((key) => key.ckaId), ceremonyKey?.ckaId, ceremonyKey?.sealCkaId]
    if (ckaId !== '' && made.includes(ckaId)) return run.view().title
  }
  return null
}

export async function probeToken(
  parts: ServiceContext,
  { serial: of }: InputOf<'tokens.probe'>,
): Promise<{ probe: ProbeView }> {
  await found(parts, of)
  parts.emit('work.progress', { id: of, what: 'probe-token', fraction: null, cancellable: false })
  const report = await parts.hsm().token(of).probe()
  const at = parts.clock.now()
  parts.store.setProbe(of, at, JSON.stringify(report))
  parts.emit('tokens.changed', {})
  return { probe: probeViewOf(at, report) }
}

/** One trial after the other, so that it can be told how far it is, and Cancel ends it between two. */
export async function tryToken(
  parts: ServiceContext,
  { serial: of }: InputOf<'tokens.tryOut'>,
): Promise<{ trial: TrialView }> {
  await found(parts, of)
  const token = parts.hsm().token(of)
  const at = parts.clock.now()
  const results = await parts.files.run(parts, of, 'try-token', async ({ progress, signal }) => {
    const trials = await token.trials()
    const done: Capability[] = []
    for (const [index, only] of trials.entries()) {
      if (signal.aborted)
        throw new ExpectedError(
          'WORK-CANCELLED',
          `stopped by Cancel after ${index} of ${trials.length} trials`,
        )
      done.push(...(await token.capabilities({ only, sessionOnly: true })))
      progress((index + 1) / trials.length)
    }
    return done
  })
  return { trial: { at, results: results.map(trialResultOf) } }
}

function trialResultOf({ group, name, mechanism, state, detail }: Capability): TrialResult {
  return { group, name, mechanism, state, detail: state === 'proved' ? '' : detail }
}

export async function logIn(
  parts: ServiceContext,
  asked: InputOf<'tokens.logIn'>,
): Promise<{ token: TokenView }> {
  await found(parts, asked.serial)
  const given = asked.pin === null ? 'pin-pad' : utf8(asked.pin)
  await atPad(padOf(parts, asked.serial), given, () =>
    parts
      .hsm()
      .token(asked.serial)
      .logIn({ user: asked.user, pin: given, acceptFinalTry: asked.acceptFinalTry === true }),
  )
  parts.emit('tokens.changed', {})
  return { token: viewOf(parts, await found(parts, asked.serial)) }
}

/** Progress of an entry at the pad goes under the token's serial, where the window's Cancel finds it. */
export function padOf(parts: ServiceContext, of: string): Parameters<typeof atPad>[0] {
  return {
    hsm: parts.hsm(),
    progress: (what, fraction) => parts.emit('work.progress', { id: of, what, fraction, cancellable: true }),
  }
}

export async function logOut(
  parts: ServiceContext,
  { serial: of }: InputOf<'tokens.logOut'>,
): Promise<{ token: TokenView }> {
  await found(parts, of)
  await parts.hsm().token(of).logOut()
  parts.emit('tokens.changed', {})
  return { token: viewOf(parts, await found(parts, of)) }
}
