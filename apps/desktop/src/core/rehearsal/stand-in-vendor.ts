import { isSpareStep } from '@lux/ceremony/plan'
import { utf8 } from '@lux/crypto'
import { copySoftObjects, softStoreOf } from '@lux/hsm'
import type { Run } from '../runs/run/run.ts'
import { rehearsalPins } from './rehearsal-pins.ts'

/**
 * Stands in for the vendor's tool where a rehearsal brings its root into another token: the store is copied beside the open
 * library, as a cloning tool works beside it, and whatever was not asked for is destroyed there. Does nothing elsewhere.
 */
export async function replicateAsStandIn(run: Run): Promise<void> {
  const { state } = run.folder
  const progress = state.steps[state.current]
  if (state.domain !== 'rehearsal' || progress?.step.do !== 'replicate-root') return
  if (isSpareStep(state.plan, progress.step)) return
  const root = state.keys.find(({ id }) => id === progress.step.key)
  const serialOf = (role: string) => state.tokens.find((token) => token.role === role)?.serial ?? ''
  const store = softStoreOf(run.hsm.environment)
  if (root === undefined || store === null) return
  const from = serialOf(root.token)
  const to = serialOf(progress.step.token ?? 'ceremony')
  copySoftObjects(store, { from, to })
  const tool = await run.hsm.beside()
  try {
    const token = tool.token(to)
    await token.logIn({ user: 'user', pin: utf8(rehearsalPins(run.folder.path).user) })
    const { objects } = await token.inventory()
    for (const { id, class: kind } of objects) {
      if (id !== root.ckaId && (kind === 'secret' || kind === 'private' || kind === 'public'))
        await token.destroy({ id, class: kind })
    }
    await token.logOut()
  } finally {
    await tool.close()
  }
}
