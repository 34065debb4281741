import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildDesktop } from '../scripts/build/desktop.ts'
import { updateMirror } from '../scripts/build/mirror.ts'
import { startDisplay } from '../scripts/electron/display.ts'
import {
  appFolder,
  electronCommand,
  electronEnvironment,
  giveFolder,
  openFolder,
  privateFolder,
  sandboxSwitches,
  userCommand,
} from '../scripts/electron/launch.ts'
import { root } from '../scripts/root.ts'
import { treeMemory } from './memory.ts'
import { median, type Row, timeRow } from './row.ts'

type Launch = {
  command: [program: string, args: string[]]
  ready: string
  environment: Record<string, string>
}
type Started = { ms: number; memoryMiB: number }

const runs = 9
const readyWithinMs = 60_000
/** Ours may take 1.3 times what a bare window takes. */
const goal = 1 / 1.3

/**
 * From the start of the process to a window that can be used, ours and a bare one by turns on the same screen. Ours is one
 * in which Home's next action can be pressed; both say so after their second frame. Ours once as a checkout runs it and once
 * from a package, which is looked at file by file before core runs.
 */
export async function benchStart(): Promise<Row[]> {
  await buildDesktop()
  updateMirror()
  const packaged = packageApp()
  const folder = privateFolder('lux-bench-')
  const display = await startDisplay()
  try {
    const environment = (home: string, extra: Record<string, string>) =>
      electronEnvironment(join(folder, home), { DISPLAY: display.name, ...extra })
    const own = (home: string): Record<string, string> =>
      environment(home, { LUX_STORE: giveFolder(join(folder, `${home}-store`)), LUX_TRAINING: '1' })
    const switches = sandboxSwitches()
    const bareWindow = electronCommand([...switches, copyBareWindow(folder)])
    const bare: Launch = { command: bareWindow, ready: 'BARE-READY', environment: environment('bare', {}) }
    const launches = {
      bare,
      ours: {
        command: electronCommand([...switches, appFolder()]),
        ready: 'LUX-READY ',
        environment: own('ours'),
      },
      plain: { ...bare, environment: environment('plain', { BARE_WITHOUT_GRAPHICS: '1' }) },
      packaged: {
        command: userCommand(packaged, switches),
        ready: 'LUX-READY ',
        environment: own('packaged'),
      },
    } satisfies Record<string, Launch>
    const times: Record<keyof typeof launches, Started[]> = { bare: [], ours: [], plain: [], packaged: [] }
    // The first start of each makes its profile and its store, and is not counted.
    for (const launch of Object.values(launches)) await start(launch)
    for (let run = 0; run < runs; run++) {
      times.bare.push(await start(launches.bare))
      times.ours.push(await start(launches.ours))
      times.plain.push(await start(launches.plain))
      times.packaged.push(await start(launches.packaged))
    }
    const ms = (all: readonly Started[]): number[] => all.map((one) => one.ms)
    const memory = (all: readonly Started[]): number => median(all.map((one) => one.memoryMiB))
    return [
      timeRow({
        work: 'start to an interactive window',
        ours: ms(times.ours),
        limit: ms(times.bare),
        goal,
        memoryMiB: memory(times.ours),
      }),
      timeRow({
        work: 'the same from a package',
        ours: ms(times.packaged),
        limit: ms(times.bare),
        goal,
        memoryMiB: memory(times.packaged),
      }),
      timeRow({ work: 'start of the bare window', ours: ms(times.bare), memoryMiB: memory(times.bare) }),
      timeRow({
        work: 'start of the bare window without a graphics driver',
        ours: ms(times.plain),
        memoryMiB: memory(times.plain),
      }),
    ]
  } finally {
    await display.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Beside the run, because the unprivileged user may not be able to enter the checkout. */
function copyBareWindow(folder: string): string {
  const to = join(folder, 'bare-window')
  mkdirSync(to)
  const from = join(import.meta.dirname, 'bare-window')
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name))
  return to
}

/** The package that tests are given; a release takes a runtime that not every machine can have, and starts the same way. */
function packageApp(): string {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/package.ts'), '--test-build'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`scripts/package.ts: exit ${status}`)
  return join(openFolder(), 'dist/test-build/linux-unpacked/lux-custody')
}

function start({ command: [program, args], ready, environment }: Launch): Promise<Started> {
  const began = performance.now()
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let complaints = ''
    let started: Started | null = null
    const late = setTimeout(() => child.kill('SIGKILL'), readyWithinMs)
    child.stderr.on('data', (chunk) => {
      complaints = (complaints + chunk).slice(-2000)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith(ready)) return
      const ms = performance.now() - began
      started = { ms, memoryMiB: child.pid === undefined ? 0 : treeMemory(child.pid) }
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), 5000).unref()
    })
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(late)
      if (started !== null) resolve(started)
      else
        reject(
          new Error(
            `${program} ${args.join(' ')} was not ready within ${readyWithinMs / 1000} s\n${complaints}`,
          ),
        )
    })
  })
}
