import { type RunView as EngineView, view } from '@lux/ceremony'
import type { TokenInfo } from '@lux/hsm'
import type { FakeCore } from '../../../../packages/ceremony/test/engine/fake-core.ts'
import type { RunView } from '../../src/contract/index.ts'
import type { Run } from '../../src/core/runs/run/run.ts'
import { runViewOf } from '../../src/core/services/run-view/run-view.ts'

/** A production run in memory, as core shows it to the window: its folder lies nowhere, its tokens are plugged in, and no PIN was typed. */
export class FakeRun {
  readonly core: FakeCore
  readonly #run: Run
  #seen: { state: FakeCore['state']; view: RunView } | null = null

  constructor(core: FakeCore) {
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
      work: null,
      cancellable: false,
      tokenError: null,
      hasPin: () => false,
    }
    // What a view is made from, and no more of a run than that.
    this.#run = run as unknown as Run
  }

  /** A state is never changed, so what was made of it is made once. */
  view(): RunView {
    const { state } = this.core
    if (this.#seen?.state !== state) {
      const tokens = state.tokens.map(({ serial }) => tokenOf(serial))
      const around = { standIns: new Set<string>(), tokens, requests: [], padMs: 30_000 }
      this.#seen = { state, view: runViewOf(this.#run, around) }
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
