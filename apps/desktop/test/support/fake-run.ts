import { type RunView as EngineView, view } from '@lux/ceremony'
import type { TokenInfo } from '@lux/hsm'
import type { FakeCore } from '../../../../packages/ceremony/test/engine/fake-core.ts'
import type { RunView } from '../../src/contract/index.ts'
import type { Run } from '../../src/core/runs/run/run.ts'
import { runViewOf } from '../../src/core/services/run-view/run-view.ts'

/**
 * A run in memory, as core shows it to the window: its folder lies nowhere, and its tokens are plugged in. In a
 * rehearsal everybody is a stand-in.
 */
export class FakeRun {
  readonly core: FakeCore
  readonly #run: Run
  #seen: { state: FakeCore['state']; works: boolean; view: RunView } | null = null

  /** `works`: whether the machine does something now. */
  constructor(core: FakeCore, works: () => boolean = () => false) {
    this.core = core
    const folder = {
      path: '/nowhere',
      header: { created: '2026-01-31T09:00:00.000Z' },
      plan: core.plan,
      get state() {
        return core.state
      },
      entries: (from = 0) => core.disk.entries.slice(from),
      has: () => false,
    }
    const run = {
      folder,
      view: (): EngineView => view(core.state),
      get work() {
        return works() ? { what: '', fraction: null, startedAt: '' } : null
      },
      cancellable: false,
      tokenError: null,
      hasPin: works,
    }
    // What a view is made from, and no more of a run than that.
    this.#run = run as unknown as Run
  }

  /** A state is never changed, so what was made of it is made once. */
  view(): RunView {
    const { state } = this.core
    const works = this.#run.work !== null
    if (this.#seen?.state !== state || this.#seen.works !== works) {
      const tokens = state.tokens.map(({ serial }) => tokenOf(serial))
      const names = this.core.domain === 'rehearsal' ? this.core.plan.people.map(({ name }) => name) : []
      const around = { standIns: new Set(names), tokens, requests: [], padMs: 30_000 }
      this.#seen = { state, works, view: runViewOf(this.#run, around) }
    }
    return this.#seen.view
  }
}

function tokenOf(serial: string): TokenInfo {
  return {
    serial,
    label: 'root',
    manufacturer: 'maker',
    model: 'model',
    firmware: '1.0',
    hardware: '1.0',
    slot: '1',
    profile: 'softhsm',
    initialised: true,
    writeProtected: false,
    loginRequired: true,
    pinPad: false,
    pin: { user: 'ok', so: 'ok' },
    loggedIn: null,
    minPinLength: 4,
    maxPinLength: 64,
    maxSessions: null,
    abilities: [],
  }
}
