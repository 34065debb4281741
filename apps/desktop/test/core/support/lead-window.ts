import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunView } from '../../../src/contract/index.ts'
import type { CoreInTest } from './core-in-test.ts'

/** One run of a rehearsal as whoever sits alone at the window leads it: as many stand-ins sign as are needed. */
export class LedRun {
  readonly core: CoreInTest
  readonly id: string

  private constructor(core: CoreInTest, id: string) {
    this.core = core
    this.id = id
  }

  static async rehearse(core: CoreInTest, script: string): Promise<LedRun> {
    const { id } = await asked<{ id: string }>(core, 'ceremonies.startRehearsal', { script, values: {} })
    return new LedRun(core, id)
  }

  view(): Promise<RunView> {
    return asked(this.core, 'ceremonies.view', { id: this.id })
  }

  ask<T>(api: string, input: object = {}): Promise<T> {
    return asked(this.core, api, { id: this.id, ...input })
  }

  async proceed(): Promise<void> {
    const { current } = await this.view()
    await this.ask('ceremonies.proceed', {
      step: current?.id,
      by: current?.actor.name,
      input: valuesOf(current),
    })
  }

  /** Goes on until the run is there, or gives the run as it stands after as many rounds as a rehearsal takes. */
  async lead(until: (run: RunView) => boolean): Promise<RunView> {
    let run = await this.view()
    for (let round = 0; round < 900 && !until(run); round += 1) {
      await this.#act(run)
      run = await this.view()
    }
    return run
  }

  async #act({ current }: RunView): Promise<void> {
    if (current === null || current.blocked === 'machine-works')
      return new Promise((resolve) => setTimeout(resolve, 100))
    for (const need of current.needs)
      if (need.need === 'sign') {
        const { name = '' } = need.signers.find(({ signed, standIn }) => standIn && !signed) ?? {}
        await this.ask('ceremonies.signAsStandIn', { what: need.what, name })
        return
      }
    await this.proceed()
  }
}

function valuesOf(current: RunView['current']): object {
  const wanted = current?.needs.some(({ need }) => need === 'values') === true
  return wanted ? { values: { 'wall-clock': new Date().toISOString() } } : {}
}

async function asked<T>(core: CoreInTest, api: string, input: object): Promise<T> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each caller names what its API answers with.
  return answer.value as T
}

/** The folder of the only run below a folder. */
export function runFolderIn(folder: string): string {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const log = all.find((one) => one.endsWith('ceremony.db') && all.includes(join(dirname(one), 'plan.yaml')))
  if (log === undefined) throw new Error(`no run below ${folder}`)
  return join(folder, dirname(log))
}
