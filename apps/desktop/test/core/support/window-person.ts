import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { RunView } from '../../../src/contract/index.ts'
import type { CoreInTest } from './core-in-test.ts'

type Room = {
  core: CoreInTest
  /** Where answers are laid before they are chosen. */
  folder: string
  pins: { so: string; user: string }
  /** What a person's own device answers to a request in out/. */
  signed: (request: string, name: string) => Uint8Array
}

/** Export goes to a folder that somebody chose. */
function mediumOf({ core, folder }: Room, { needs }: NonNullable<RunView['current']>): { medium?: string } {
  const asks = needs.some(
    (need) => need.need === 'values' && need.fields.some(({ name }) => name === 'medium'),
  )
  if (!asks) return {}
  core.grant({ use: 'folder', path: folder })
  return { medium: folder }
}

/** What the room says of itself: at the roll call all are here, and somebody else than the reader hears. */
export function saidAt({ people }: Pick<RunView, 'people'>, current: NonNullable<RunView['current']>) {
  const names = people.map(({ name }) => name)
  const by = names.filter((name) => !current.actor.name.split(', ').includes(name)).slice(0, 1)
  const here = current.says === 'who is here' ? { here: names } : {}
  return { heard: current.compares.map(({ digest }) => ({ digest, by })), ...here }
}

/** Whoever leads a production run in the window: enters PINs, takes in what people signed, and goes on. */
export class WindowPerson {
  readonly #room: Room
  /** Kinds of signatures that were awaited, each once. */
  readonly asked = new Set<string>()

  constructor(room: Room) {
    this.#room = room
  }

  /** A path as the dialog of the system grants it. */
  chosen(path: string): string {
    this.#room.core.grant({ use: 'read', path })
    return path
  }

  async view(api: string, input: object): Promise<RunView> {
    const answer = await this.#room.core.call(api, input)
    if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
    // Each of these APIs answers with the run.
    return answer.value as RunView
  }

  take(id: string, path: string): Promise<RunView> {
    return this.view('ceremonies.submitFile', { id, path: this.chosen(path) })
  }

  /** Goes on until the run is closed, or a file is awaited that no signature makes. */
  async lead(id: string): Promise<RunView> {
    let run = await this.view('ceremonies.view', { id })
    for (let round = 0; round < 400; round += 1) {
      const waits = run.current?.needs.some(({ need }) => need === 'file')
      if (run.state === 'closed') return run
      if (waits && run.current?.blocked !== 'machine-works') {
        await this.#carry(id)
        return run
      }
      run = await this.#act(run)
    }
    throw new Error(`the run stands still at ${run.current?.id}`)
  }

  async #act(run: RunView): Promise<RunView> {
    const { id, current } = run
    if (current === null || current.blocked === 'machine-works') {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return this.view('ceremonies.view', { id })
    }
    for (const need of current.needs) {
      if (need.need === 'sign') {
        this.asked.add(need.what)
        expect(need.signers.some(({ standIn }) => standIn)).toBe(false)
        expect(need.file).toMatch(/out\/\d+-[a-z-]+\.json$/)
        await this.#carry(id)
        const left = need.signers.filter(({ signed }) => !signed).slice(0, need.required)
        for (const { name } of left) {
          const path = join(this.#room.folder, `answer-of-${name}.json`)
          writeFileSync(path, this.#room.signed(need.file, name))
          const after = await this.take(id, path)
          if (after.current?.needs[0]?.need !== 'sign') return after
        }
        return this.view('ceremonies.view', { id })
      }
      if (need.need === 'pin' && !need.taken) {
        const { token, user } = need
        await this.view('ceremonies.enterPin', { id, token, user, pin: this.#room.pins[user] })
      }
    }
    expect(current.failure).toBe(null)
    const asks = current.needs.some(
      (need) => need.need === 'values' && need.fields.some(({ name }) => name === 'wall-clock'),
    )
    const clock = asks ? { 'wall-clock': new Date().toISOString() } : {}
    const by = current.actor.name
    const input = { values: { ...clock, ...mediumOf(this.#room, current) }, ...saidAt(run, current) }
    const answer = await this.#room.core.call('ceremonies.proceed', {
      id,
      step: current.id,
      by,
      input,
    })
    // The machine may have come to what people are to sign, or to the next step, since the view was taken: the person looks again.
    if (!answer.ok && ['STEP-01', 'STEP-03'].includes(answer.error.code))
      return this.view('ceremonies.view', { id })
    if (!answer.ok) throw new Error(`ceremonies.proceed: ${answer.error.code} ${answer.error.detail}`)
    // It answers with the run.
    return answer.value as RunView
  }

  /** A copy of what is asked, and of what that names, goes to a folder that was chosen; nothing there is overwritten. */
  async #carry(id: string): Promise<void> {
    const { core } = this.#room
    const folder = join(this.#room.folder, 'medium')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    const copy = () => {
      core.grant({ use: 'folder', path: folder })
      return core.call('ceremonies.handOut', { id, folder })
    }
    expect(await copy()).toMatchObject({ ok: true })
    const requests = readdirSync(folder).filter((name) => /^\d+-[a-z0-9-]+\.json$/.test(name))
    expect(requests).not.toEqual([])
    for (const name of requests) {
      const {
        envelopes = [],
        envelope,
        public: file,
        opening,
      } = Object(JSON.parse(readFileSync(join(folder, name), 'utf8')))
      for (const named of [...envelopes, envelope, file, opening].filter((one) => one !== undefined))
        expect([named, existsSync(join(folder, named))]).toEqual([named, true])
    }
    expect(await copy()).toMatchObject({ ok: false, error: { code: 'FILE-EXISTS' } })
  }
}
