import { pairsOf, restoredIn, type State, type Step } from '@lux/ceremony'
import { keyOf } from '@lux/ceremony/plan'
import type { Json } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import * as v from 'valibot'
import type { RunContext } from '../effects/context.ts'
import { discard, idsOfAttempts } from '../effects/key/discard.ts'
import { inventoryAsUser } from '../effects/token/token-login.ts'

/** What an aborted run made and nobody destroyed. `label`: what the token calls it. */
export type LeftObject = { serial: string; ckaId: string; class: string; label: string }

const file = 'left-on-tokens.json'
const schema = v.strictObject({
  v: v.literal(1),
  objects: v.array(
    v.strictObject({ serial: v.string(), ckaId: v.string(), class: v.string(), label: v.string() }),
  ),
})

/** Objects of a run on one token: those that the plan wanted, and those of attempts that came to nothing. */
function idsOn(state: State, role: string): { made: string[]; givenUp: string[] } {
  const made = [
    // A root of an earlier ceremony, which a plan may work under, is in use.
    ...state.keys
      .filter(({ level, token, bornIn }) => level === 'root' && token === role && bornIn === state.ceremonyId)
      .map(({ ckaId }) => ckaId),
    ...pairsOf(state, role),
    ...state.replicas.filter(({ token }) => token === role).map(({ evidence }) => evidence.ckaId),
    ...restoredIn(state, role),
    ...halfRestoredIn(state, role),
  ]
  const { ckaId: own = '', sealCkaId = '' } = state.ceremonyKey ?? {}
  const givenUp = state.steps
    .filter(({ step }) => (step.token ?? 'ceremony') === role || makesPairIn(state, step, role))
    .flatMap(({ state: at, abandoned, intent }) =>
      at === 'Done' || intent === null ? abandoned : [...abandoned, intent.ckaId, intent.sealCkaId],
    )
    .filter((id) => id !== '' && ![...made, own, sealCkaId].includes(id))
  return { made, givenUp }
}

/** An attempt to restore may have left the root, under the CKA_ID of its birth. */
function halfRestoredIn({ recovery, steps }: State, role: string): string[] {
  const begun = steps.some(
    ({ step, state, intent }) =>
      step.do === 'restore-root' &&
      (step.token ?? 'ceremony') === role &&
      state !== 'Done' &&
      intent !== null,
  )
  return recovery === null || !begun ? [] : [recovery.backup.ckaId]
}

/** The attempt of a window may have left its transport pair in a spare. */
function makesPairIn({ plan }: State, step: Step, role: string): boolean {
  return step.do === 'generate-root' && (keyOf(plan, step.key)?.spares ?? []).includes(role)
}

/**
 * Destroys what given-up attempts of an aborted run left where its user is logged in, transport keys of their windows
 * among it, which would keep the next window from opening. An object that does not go is no reason to stop. Throws
 * HSM-NOT-LOGGED-IN for the token of the ceremony key.
 */
export async function clearAttempts({ folder, hsm }: Pick<RunContext, 'folder' | 'hsm'>): Promise<void> {
  const { state } = folder
  const left: LeftObject[] = []
  for (const { role, serial } of state.tokens.filter((one) => one.serial !== '')) {
    const { made, givenUp } = idsOn(state, role)
    const token = hsm.token(serial)
    const present = (await hsm.tokens()).find((one) => one.serial === serial)
    if (role !== state.ceremonyKey?.token && present?.loggedIn !== 'user') {
      // Nobody can look: what the log says is there is named all the same.
      left.push(...made.map((ckaId) => ({ serial, ckaId, class: 'secret', label: nameOf(state, ckaId) })))
      continue
    }
    await discard(token, givenUp, (error) => {
      if (!(error instanceof HsmError)) throw error
    })
    const { objects } = await inventoryAsUser(token, serial)
    const own = new Set([...made, ...idsOfAttempts(givenUp)])
    for (const { id, class: kind, label } of objects)
      if (own.has(id)) left.push({ serial, ckaId: id, class: kind, label })
  }
  const document: Json = { v: 1, objects: left }
  folder.writeDocument(file, document)
}

/** What stays on tokens after an aborted run was closed; nothing before that. */
export function leftOnTokens(folder: RunContext['folder']): LeftObject[] {
  if (!folder.has(file)) return []
  const read = v.safeParse(schema, folder.readDocument(file))
  return read.success ? read.output.objects : []
}

function nameOf({ keys, replicas, recovery }: State, ckaId: string): string {
  if (recovery?.backup.ckaId === ckaId) return recovery.backup.key
  const replica = replicas.find(({ evidence }) => evidence.ckaId === ckaId)
  return keys.find((key) => key.ckaId === ckaId)?.id ?? replica?.id ?? ''
}
