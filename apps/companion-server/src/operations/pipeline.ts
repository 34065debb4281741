import type { Approvals } from '../access/approvals.ts'
import { type Caller, type Grant, provedLately } from '../access/authorize.ts'
import { type ApprovalsNeeded, sameApprovals } from '../access/conditions.ts'
import { permit } from '../access/permit.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { AnyEntry, Asked, EntryInput, EntryOutput, Permission, Table } from './entry.ts'

type Parts = { readonly record: Record; readonly approvals: Pick<Approvals, 'take' | 'change' | 'giveBack'> }
type Waiting = { readonly permission: Permission; readonly needed: ApprovalsNeeded }

/**
 * The first of the one order, before any operation: one call more of a caller whom its door has authenticated. `room` refuses RATE-LIMITED;
 * the call is there for the audit all the same.
 */
export function admit(
  caller: Caller,
  { door, reqId }: Pick<Call, 'door' | 'reqId'>,
  { roomFor }: { roomFor(identity: string): Outcome<null> },
): { readonly call: Call; readonly room: Outcome<null> } {
  const room = roomFor(caller.identity)
  return { call: { caller: { ...caller, granted: [] }, door, reqId, receipt: null }, room }
}

/** Of entries that no approval lets be done. */
export const unapproved: Parts['approvals'] = {
  take: async () => refuse('CONDITION-UNMET', 'no approval lets this be done'),
  change: async (_, __, touches) =>
    touches.length === 0 ? accept(null) : refuse('CONDITION-UNMET', 'no approval lets this be done'),
  giveBack: async () => undefined,
}

/** An entry as its doors call it. */
export type Operation<E extends AnyEntry> = {
  (call: Call, input: EntryInput<E>): Promise<Outcome<EntryOutput<E>>>
  readonly entry: E
}

/** A table's operations, each run by the pipeline. */
export type Operations<T extends Table> = { readonly [Name in keyof T]: Operation<T[Name]> }

export type Perform = <E extends AnyEntry>(
  entry: E,
  call: Call,
  input: EntryInput<E>,
) => Promise<Outcome<EntryOutput<E>>>

/**
 * The one order of every operation, whatever door it came by. Its door has authenticated the caller, counted the call and looked for the reply of
 * a named one (`admit`). Here it is authorised, wants a second factor, keeps to its limits, fits, is approved, runs and is entered in
 * the audit log, refusals too, before anybody hears of it. Approvals come last of what refuses before the run. What is refused after that gives
 * them back; what throws does not, since nobody knows what it did.
 */
export function openPipeline({ record, approvals }: Parts): Perform {
  return (entry, call, input) =>
    record(call, entry.name, async (subject) => {
      subject.input = entry.hashed(input, null)
      const found = await entry.find(input, call)
      if (!found.ok) return found
      const allowed = authorise(entry, call, subject, entry.permissions(found.value, input))
      if (!allowed.ok) return allowed
      const proved = await secondFactor(entry, call, found.value)
      if (!proved.ok) return proved
      const within = checkLimits(entry, input)
      if (!within.ok) return within
      const fits = await entry.fits({ input, found: found.value, call, subject })
      if (!fits.ok) return fits
      const on = { found: found.value, fitting: fits.value }
      subject.asked = () => entry.shown?.(input, on) ?? ''
      subject.input = entry.hashed(input, fits.value)
      const used: string[] = []
      const done = await approvedRun()
      if (done.ok) subject.output = entry.output(done.value, input)
      else if (used.length > 0) await approvals.giveBack(used)
      return done

      async function approvedRun() {
        if (!allowed.ok) return allowed
        const approved = await approve(call, subject, allowed.value, used)
        if (!approved.ok) return approved
        const touches = await entry.touches(input, { ...on, call })
        const apart = await approvals.change(call, subject, touches, input)
        if (!apart.ok) return apart
        if (apart.value !== null) used.push(apart.value)
        return entry.run({ ...on, input, call, subject })
      }
    })

  /** Of all that is asked for; what the same people approve of two, they approve once, of the last. */
  async function approve(
    call: Call,
    subject: Subject,
    waiting: readonly Waiting[],
    used: string[],
  ): Promise<Outcome<null>> {
    const last = waiting.at(-1)
    const { organisation, project, key } = subject
    for (const one of waiting) {
      if ('action' in one.permission && one.permission.byItself) continue
      if (one !== last && last !== undefined && sameApprovals(one.needed, last.needed)) continue
      concern(subject, one.permission)
      const taken = await approvals.take(call, subject, one.needed)
      if (!taken.ok) return taken
      if (taken.value !== null) used.push(taken.value)
    }
    // What waits need not be what the operation is entered by.
    Object.assign(subject, { organisation, project, key })
    return accept(null)
  }
}

/** A table as its doors call it. */
export function operationsOf<T extends Table>(table: T, perform: Perform): Operations<T> {
  const all = Object.entries(table).map(([name, one]) => [
    name,
    Object.assign((call: Call, input: never) => perform(one, call, input), { entry: one }),
  ])
  // Name by name what the table has.
  return Object.fromEntries(all) as Operations<T>
}

/** Several tables, each by its name. */
export type AllOperations<T extends { readonly [name: string]: Table }> = {
  readonly [Name in keyof T]: Operations<T[Name]>
}

export function allOperationsOf<T extends { readonly [name: string]: Table }>(
  tables: T,
  perform: Perform,
): AllOperations<T> {
  const all = Object.entries(tables).map(([name, table]) => [name, operationsOf(table, perform)])
  // Name by name what there is.
  return Object.fromEntries(all) as AllOperations<T>
}

function authorise(
  { shown }: AnyEntry,
  call: Call,
  subject: Subject,
  asked: readonly Asked[],
): Outcome<readonly Waiting[]> {
  const waiting: Waiting[] = []
  for (const one of asked) {
    if (one === 'for-caller') continue
    if ('rule' in one) return one
    const needed = permit(call.caller, one, shown !== null)
    // Where it is, who may not see it is not told by his own entry either.
    const isUnseen = !needed.ok && (needed.rule === 'OBJECT-ABSENT' || needed === one.unseen)
    if (!isUnseen) concern(subject, one)
    if (!needed.ok) return needed
    if (needed.value !== null) waiting.push({ permission: one, needed: needed.value })
  }
  return asked.length > 0 ? accept(waiting) : refuse('ROLE-REFUSED', 'nothing lets it be done')
}

async function secondFactor(
  { secondFactor: wanted }: AnyEntry,
  { caller }: Call,
  found: unknown,
): Promise<Outcome<null>> {
  const asked = typeof wanted === 'function' ? await wanted(found) : wanted
  return asked ? provedLately(caller) : accept(null)
}

function checkLimits({ limits }: AnyEntry, input: { readonly [field: string]: unknown }): Outcome<null> {
  for (const { field, least, most } of limits) {
    const value = input[field]
    if (value instanceof Uint8Array && value.length > most)
      return refuse('BODY-TOO-LONG', `${field} is longer than ${most} bytes`)
    if (typeof value === 'number' && !(Number.isInteger(value) && value >= least && value <= most))
      return refuse('REQUEST-FIELDS', `${field}: expected ${least} to ${most}`)
  }
  return accept(null)
}

/** Where an operation is entered, and what its approval is for. */
function concern(subject: Subject, asked: Permission): void {
  if ('own' in asked) Object.assign(subject, asked.at)
  else if ('either' in asked) for (const one of asked.either.slice(0, 1)) concern(subject, one)
  else if ('gives' in asked) enter(subject, asked.gives.grant)
  else if ('governs' in asked) {
    const [first, ...more] = asked.governs.roles.map(({ grant }) => grant)
    // Where all of its roles hold; of who is in several organisations none is told. What else is asked for has a place of its own.
    if (first === undefined || subject.organisation !== null) return
    if (more.some(({ organisation }) => organisation !== first.organisation)) return
    const isInOne = more.every(({ project }) => project === first.project)
    enter(subject, { ...first, project: isInOne ? first.project : null })
  } else {
    if (asked.version !== undefined) subject.version = asked.version
    if (asked.resource.kind !== 'deployment') enter(subject, { project: null, ...asked.resource }, asked.key)
  }
}

function enter(
  subject: Subject,
  { organisation, project }: Pick<Grant, 'organisation' | 'project'>,
  key: string | null = null,
): void {
  Object.assign(subject, { organisation, project, key })
}
