import type { InventoryObject, OwnEffect, Results } from '../../model/effects.ts'
import type { State } from '../../model/state.ts'

type Fault = { expected: string; happened: string }

/** What a key is made of on a token: a secret key, or the halves of a pair. */
const halves: ReadonlySet<string> = new Set(['secret', 'private', 'public'])

const shown = (objects: readonly InventoryObject[]): string =>
  objects.map(({ class: kind, label, ckaId }) => `${kind} ${label} ${ckaId}`).join(', ')

/**
 * A token after the opening inventory (CEREMONY.md "One root KEK in several tokens", step 4): the objects that were there before,
 * once for each, and of every key made since the key itself. An identifier is no proof, for whoever plants an object chooses it: so a
 * second object of a class under it, and a certificate or data under it, are strangers as well. Null when all is as planned.
 */
export function inventoryFault(
  state: State,
  effect: Pick<OwnEffect & { kind: 'inventory' }, 'token' | 'when' | 'expected'>,
  result: Pick<Results['inventory'], 'objects' | 'unreadable'>,
): Fault | null {
  if (result.unreadable > 0)
    return { expected: 'no damaged objects', happened: `${result.unreadable} cannot be read` }
  if (effect.when === 'opening') return null
  const baseline = state.tokens.find((token) => token.role === effect.token)?.baseline ?? []
  const strangers = strangersAmong(result.objects, baseline, effect.expected)
  if (strangers.length > 0)
    return { expected: 'only objects that the plan names', happened: shown(strangers) }
  // The key that seals the ML-DSA seed may be a session object, which another session's inventory may not show.
  const optional = state.ceremonyKey?.sealCkaId
  const seen = new Set(result.objects.map(({ ckaId }) => ckaId))
  const missing = effect.expected.filter((ckaId) => ckaId !== optional && !seen.has(ckaId))
  return missing.length === 0
    ? null
    : { expected: 'every key that was made', happened: `missing ${missing.join(', ')}` }
}

function strangersAmong(
  objects: readonly InventoryObject[],
  baseline: readonly InventoryObject[],
  expected: readonly string[],
): InventoryObject[] {
  const nameOf = ({ ckaId, class: kind, label }: InventoryObject) => JSON.stringify([ckaId, kind, label])
  const before = new Map<string, number>()
  for (const object of baseline) before.set(nameOf(object), (before.get(nameOf(object)) ?? 0) + 1)
  const since = objects.filter((object) => {
    const left = before.get(nameOf(object)) ?? 0
    before.set(nameOf(object), left - 1)
    return left <= 0
  })
  // A key that was there before has its objects in the baseline.
  const made = new Set(expected.filter((id) => !baseline.some(({ ckaId }) => ckaId === id)))
  const taken = new Map<string, Set<string>>()
  return since.filter(({ ckaId, class: kind }) => {
    const classes = taken.get(ckaId) ?? new Set<string>()
    taken.set(ckaId, classes)
    const one = halves.has(kind) && !classes.has(kind)
    // A secret key is alone; the halves of a pair go together.
    const fits = classes.size === 0 || (kind !== 'secret' && !classes.has('secret'))
    if (!made.has(ckaId) || !one || !fits) return true
    classes.add(kind)
    return false
  })
}

/** CKA_IDs that a token holds when all went by the plan, beyond what it held at the opening inventory. */
export function expectedObjects(state: State, role: string): string[] {
  const roots = state.keys
    .filter((key) => key.level === 'root' && key.token === role && !isGone(state, key.id, role))
    .map((key) => key.ckaId)
  const own = state.ceremonyKey
  const ceremony = own === null || own.token !== role || own.destroyed ? [] : [own.ckaId, own.sealCkaId]
  const replicas = state.replicas.filter((one) => one.token === role).map((one) => one.evidence.ckaId)
  return [...ceremony, ...roots, ...replicas, ...restoredIn(state, role), ...pairsOf(state, role)]
}

/** Whether the root was taken out of use in this token. */
function isGone({ decommissioned }: State, key: string, role: string): boolean {
  return decommissioned.some(({ id, token }) => id === key && token === role)
}

/** The root that a backup gave back to the token, until it is zeroised there. */
export function restoredIn({ recovery }: State, role: string): string[] {
  const { restored = null, zeroised = false } = recovery ?? {}
  return restored === null || zeroised || restored.token !== role ? [] : [restored.evidence.ckaId]
}

/** Transport pairs that wait in a spare token for their root. */
export function pairsOf(state: State, role: string): string[] {
  const waiting = state.keys.filter(
    ({ id }) => !state.replicas.some((one) => one.id === id && one.token === role),
  )
  return waiting.flatMap(({ spares }) =>
    spares.filter(({ token }) => token === role).map((one) => one.transport),
  )
}
