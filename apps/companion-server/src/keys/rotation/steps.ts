import type { Subject } from '../../audit/record.ts'

/** How far a rotation is. While something remains, the same call goes on with it, and so does the server's clock. */
export type Rotation = {
  readonly version: number
  /** Keys that this call moved under the new version. */
  readonly moved: number
  /** Keys that are still under an older one. */
  readonly remaining: number
}

/** One version of a KEK: its row in `project_kek` or `organisation_kek`. */
export type KekVersion = {
  readonly version: number
  readonly state: string
  readonly origin: string
  readonly kekId: string
  readonly parent: string
}

/** Where a rotation is. The rows say it all, so that a call after a crash goes on from them. */
export type Standing = {
  /** Newest first. */
  readonly versions: readonly KekVersion[]
  /** Keys that are under an older version than the newest. */
  readonly below: number
}

/** `new`: a new version, unless a rotation is under way. `go-on`: only the rest of one. `under`: the newest version has to have this parent. */
export type Wish = 'new' | 'go-on' | { readonly under: string }

export type Step = 'absent' | 'make' | 'move' | 'destroy' | 'done'

export function nextStep({ versions, below }: Standing, wish: Wish): Step {
  const [newest, ...older] = versions
  if (!newest) return 'absent'
  if (typeof wish === 'object' && newest.parent !== wish.under) return 'make'
  if (below > 0) return 'move'
  if (older.some(mayGo)) return 'destroy'
  return wish === 'new' ? 'make' : 'done'
}

/** An older version is destroyed once nothing is under it. A bundle may name one that a ceremony brought: it stays, for decryption. */
export const mayGo = ({ state, origin }: Pick<KekVersion, 'state' | 'origin'>): boolean =>
  state === 'decrypt-only' && origin === 'online'

/** How many keys a call may still move. */
export type Budget = { left: number }

export type Kek = {
  /** Reads where the KEK stands and does the next step, if it is to make or destroy, in one transaction. The standing is that of before. */
  advance(wish: Wish): Promise<{ readonly step: Step; readonly standing: Standing }>
  /** Moves some of what is under older versions, at most so many; the number. Each moved key is a transaction of its own. */
  moveSome(newest: number, most: number): Promise<number>
}

/** Rotates as far as the budget goes, or finishes what an earlier call began. Null where there is no KEK. */
export async function rotate(
  kek: Kek,
  wish: Wish,
  { budget, subject }: { readonly budget: Budget; readonly subject: Pick<Subject, 'version'> },
): Promise<Rotation | null> {
  let moved = 0
  let { step, standing } = await kek.advance(wish)
  for (;;) {
    if (step === 'absent') return null
    const version = (standing.versions[0]?.version ?? 0) + (step === 'make' ? 1 : 0)
    subject.version = version
    if (step === 'done' || (step === 'move' && budget.left <= 0))
      return { version, moved, remaining: standing.below }
    if (step === 'move') {
      const some = await kek.moveSome(version, budget.left)
      moved += some
      // Others may have moved them all meanwhile: even so, the loop ends.
      budget.left -= Math.max(some, 1)
    }
    ;({ step, standing } = await kek.advance('go-on'))
  }
}
