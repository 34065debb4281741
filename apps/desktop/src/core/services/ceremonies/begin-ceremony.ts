import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readScript, type Script } from '@lux/ceremony/plan'
import { utf8 } from '@lux/crypto'
import { inNewFolder, readBounded } from '@lux/node-files'
import { enrolledKinds, type Field, type InputOf, type ScriptView } from '../../../contract/index.ts'
import { beginRehearsal } from '../../rehearsal/begin-rehearsal.ts'
import { type RehearsalRequest, readDestination } from '../../rehearsal/rehearsal-request.ts'
import { deviceOf } from '../../rehearsal/stand-in-tokens.ts'
import { beginProduction } from '../../runs/begin/begin-production.ts'
import { refusedPlan } from '../../runs/begin/refused-plan.ts'
import { RunFolder } from '../../runs/folder/run-folder.ts'
import { runOn } from '../../runs/run/load-run.ts'
import type { Run } from '../../runs/run/run.ts'
import { readReviewed, startProduction, startRehearsal as startRehearsed } from '../../use-cases/begin.ts'
import { typedValues } from '../../use-cases/make-plan.ts'
import { enrolledCard } from '../people.ts'
import { neededScript, ownScriptId } from '../scripts/own-scripts.ts'
import { refuse } from '../shared/needed.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { requireUnrehearsed } from '../tokens/rehearsed-tokens.ts'
import { burntInStore, requireReadable } from './lineage.ts'

const maxFile = 1 << 20

/** Filled in by the workstation itself, so no screen asks for them. */
const ownBlanks = new Set([
  'policy',
  'tool',
  'people',
  'library',
  'destinations',
  'profile',
  'holders',
  'epoch',
  'serial',
  'spareSerial',
  'rootId',
  'rootCeremony',
  'rootCkaId',
  'rootMechanism',
  'backupBundle',
  'backupSet',
  'backupIdentifier',
  'backupMedium',
  'backupMechanism',
  'backupPossession',
  'backupShares',
  'spareProfile',
  'companionCkaId',
])
const fieldTypes: Partial<Record<Script['blanks'][string]['type'], Field['type']>> = {
  text: 'text',
  integer: 'integer',
  boolean: 'flag',
}

export function listScripts({ program, store }: ServiceContext): { scripts: ScriptView[] } {
  const folder = join(program.resources, 'scripts')
  const names = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  const shipped = names.toSorted(firstRunFirst).flatMap((file) => {
    const read = readScript(readBounded(join(folder, file), maxFile))
    return read.ok ? [scriptView(read.value)] : []
  })
  const own = store.scripts().flatMap(({ hash, text: file, frozen }) => {
    const read = readScript(utf8(file))
    return read.ok ? [{ ...scriptView(read.value), id: ownScriptId(hash), summary: hash, frozen }] : []
  })
  return { scripts: [...shipped, ...own] }
}

function firstRunFirst(a: string, b: string): number {
  return Number(b.startsWith('first-run')) - Number(a.startsWith('first-run')) || (a < b ? -1 : 1)
}

function scriptView(script: Script): ScriptView {
  const fields = Object.entries(script.blanks).flatMap(([id, blank]): Field[] => {
    const type = fieldTypes[blank.type]
    if (type === undefined || ownBlanks.has(id)) return []
    const own = script.rehearsal.values?.[id] ?? blank.default
    const initial = id === 'title' && own === undefined ? script.title : own
    const choices = script.choices[id]
    return [
      {
        name: id,
        label: blank.label,
        ...(choices === undefined ? { type } : { type: 'choice', choices: [...choices] }),
        ...(initial === undefined ? {} : { initial: String(initial) }),
      },
    ]
  })
  const receives = receiversOf(script).map(
    (name): Field => ({ name, type: 'file', kind: 'transport', label: name, optional: true }),
  )
  return {
    id: script.id,
    title: script.title,
    summary: script.id,
    kinds: [],
    fields: [...fields, ...receives],
    ownDevices: enrolledKinds.filter((kind) =>
      kind === 'holder'
        ? Object.hasOwn(script.blanks, 'holders') && !Object.hasOwn(script.blanks, 'epochId')
        : script.rehearsal.people.some(({ role }) => role === kind),
    ),
  }
}

/** Where a rehearsal's servers are named. */
function receiversOf({ blanks }: Script): string[] {
  return Object.hasOwn(blanks, 'destinations') ? ['destination', 'secondDestination', 'thirdDestination'] : []
}

export async function startRehearsal(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.startRehearsal'>,
): Promise<{ id: string }> {
  const script = neededScript(parts, asked.script)
  const read = readScript(script)
  if (!read.ok) throw refusedPlan(read.refusals)
  const receivers = receiversOf(read.value)
  // A field that was left empty takes its default.
  const filled = Object.entries(asked.values).filter(([id, value]) => value !== '' && !receivers.includes(id))
  const destinations = receivers.flatMap((id) => {
    const file = asked.values[id] ?? ''
    return file === '' ? [] : [readDestination(parts.paths.read(file))]
  })
  // Said before anything is made, rather than when the bundle is built.
  if (destinations.length > 0) requireReadable(parts)
  const working = join(parts.store.ceremonies, `new-${parts.clock.now().replaceAll(/[^0-9]/g, '')}`)
  const request: RehearsalRequest = {
    folder: working,
    of: { script, values: typedValues(read.value, Object.fromEntries(filled)) },
    destinations,
    ownDevices: (asked.ownDevices ?? []).map((id) => enrolledCard(parts, id)),
    library: parts.hsm().library.sha256,
    device: await deviceOf(parts.hsm()),
    measurement: parts.program.measurement,
    entropy: parts.entropy,
    clock: parts.clock,
    keyChild: { execPath: parts.program.execPath, entry: parts.program.keyChildEntry },
  }
  const folder = await inNewFolder(
    working,
    () => RunFolder.isAt(working),
    () => beginRehearsal(request),
  )
  const { id, run } = takeIn(parts, folder)
  const started = await startRehearsed(run, destinations)
  refuse(started.ok ? null : started)
  return { id }
}

/** A folder that the store could not note is closed again, and is found beside the others once there is room. */
export function takeIn(parts: ServiceContext, folder: RunFolder): { id: string; run: Run } {
  const id = folder.state.ceremonyId
  try {
    parts.store.addRun({ id, folder: folder.path, created: folder.header.created })
  } catch (error) {
    folder.close()
    throw error
  }
  const { run } = parts.runs.adopt(id, (own) =>
    runOn(folder, own, () => parts.emit('ceremony.changed', { id })),
  )
  return { id, run }
}

/** A production run: policy.json and cards/ lie beside the plan, the public file of an existing epoch does where its run left it. */
export async function openProduction(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.open'>,
): Promise<{ id: string }> {
  const planFile = parts.paths.read(asked.plan)
  const lockFile = parts.paths.read(asked.lock)
  const epoch = asked.epoch === undefined ? {} : { public: parts.paths.read(asked.epoch) }
  const { plan, reviewed } = readReviewed({ plan: planFile, lock: lockFile, ...epoch })
  if (plan.destinations.length > 0) requireReadable(parts)
  await requireUnrehearsed(parts, plan)
  const begun = beginProduction({
    folder: join(parts.store.ceremonies, `new-${parts.clock.now().replaceAll(/[^0-9]/g, '')}`),
    ...reviewed,
    tokens: plan.tokens.map(({ role, serial: of }) => ({ role, serial: of === 'new' ? '' : of })),
    library: parts.hsm().library.sha256,
    burnt: burntInStore(plan, parts),
    measurement: parts.program.measurement,
    entropy: parts.entropy,
    clock: parts.clock,
  })
  const started = startProduction(begun, (folder) => takeIn(parts, folder).run)
  refuse(started.ok ? null : started)
  return { id: begun.folder.state.ceremonyId }
}
