import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunView, ScriptView } from '../../../src/contract/index.ts'
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
    const { scripts } = await asked<{ scripts: ScriptView[] }>(core, 'ceremonies.scripts', {})
    const { fields } = scripts.find((one) => one.id === script) ?? { fields: [] }
    const values = Object.fromEntries(fields.map(({ name, initial = '' }) => [name, initial]))
    const { id } = await asked<{ id: string }>(core, 'ceremonies.startRehearsal', { script, values })
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
      by: current?.actor.name.split(', ')[0],
      input: inputFor(current),
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

  /** Leads it until somebody is logged in to a token, and people are to act. */
  toLogIn(): Promise<RunView> {
    return this.lead(
      ({ tokens, current }) =>
        current?.blocked !== 'machine-works' && tokens.some(({ session }) => session === 'user'),
    )
  }

  /** Leads it to its bundle. What the window would tell of a deviation is thrown. */
  async toBundle(): Promise<RunView> {
    const run = await this.lead(({ bundle, exception }) => bundle !== null || exception !== null)
    if (run.exception !== null) throw new Error(`${run.exception.step}: ${run.exception.happened}`)
    if (run.bundle === null) throw new Error(`${run.current?.id}: no bundle (${run.current?.blocked})`)
    return run
  }

  async #act({ current }: RunView): Promise<void> {
    if (current === null || current.blocked === 'machine-works')
      return new Promise((resolve) => setTimeout(resolve, 100))
    requireShowable(current)
    for (const need of current.needs) {
      if (need.need === 'sign') {
        const { name = '' } = need.signers.find(({ signed, standIn }) => standIn && !signed) ?? {}
        await this.ask('ceremonies.signAsStandIn', { what: need.what, name })
        return
      }
      if (need.need === 'pin' && !need.taken) {
        const { token, role, user } = need
        await this.ask('ceremonies.enterPin', { token: token || role, user, pin: typedPins[user] })
      }
    }
    // The token may have been logged in to by that, or have refused it.
    if (!(await this.view()).current?.mayProceed) return
    await this.proceed()
  }
}

/** What people type where a token is new. */
const typedPins = { so: '73910284', user: '51827364' }

/** The window draws words of every digest that is signed or compared: none may be empty. */
function requireShowable({ id, needs, compares }: NonNullable<RunView['current']>): void {
  const signed = needs.flatMap((need) => (need.need === 'sign' ? [need] : []))
  for (const { digest, words } of [...signed, ...compares])
    if (!/^[0-9a-f]{64}$/.test(digest) || words.length !== 32)
      throw new Error(`${id}: no digest to show (${JSON.stringify(digest)})`)
}

/** What the window sends of a step's fields: what is proposed, or what somebody types. */
function inputFor(current: RunView['current']): object {
  const needs = current?.needs ?? []
  const fields = needs.flatMap((need) => (need.need === 'values' ? need.fields : []))
  const typed = ({ type, optional, initial }: (typeof fields)[number]) =>
    initial ?? (optional === true ? '' : type === 'time' ? new Date().toISOString() : `1${'0'.repeat(5)}`)
  return {
    heard: current?.compares.map(({ digest }) => ({ digest, by: [] })) ?? [],
    ...(needs.some(({ need }) => need === 'confirm') ? { confirmed: true } : {}),
    ...(fields.length > 0
      ? { values: Object.fromEntries(fields.map((field) => [field.name, typed(field)])) }
      : {}),
  }
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
