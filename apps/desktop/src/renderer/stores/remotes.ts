import { onEvent } from '../client.ts'
import { createRemote } from './remote.ts'

export const appInfo = createRemote('app.info')
export const library = createRemote('library.state')
export const tokens = createRemote('tokens.list')
export const inventory = createRemote('tokens.inventory')
export const ceremonies = createRemote('ceremonies.list')
export const scripts = createRemote('ceremonies.scripts')
export const due = createRemote('home.due')
export const drafts = createRemote('scripts.drafts')
export const draft = createRemote('scripts.draft')
export const setups = createRemote('setups.list')
export const setup = createRemote('setups.view')
export const known = createRemote('setups.known')
export const run = createRemote('ceremonies.view')
export const holders = createRemote('holders.list')
export const approvals = createRemote('approvals.list')
export const shares = createRemote('shares.list')
export const bundles = createRemote('bundles.list')

onEvent('tokens.changed', () => {
  void library.again()
  void tokens.again()
  void inventory.again()
  // A step may wait for the token that has come, and shows how its PIN stands.
  void run.again()
})
onEvent('ceremony.changed', () => {
  void run.again()
  void ceremonies.again()
  void bundles.again()
  void holders.again()
  void approvals.again()
  void shares.again()
  void due.again()
})
