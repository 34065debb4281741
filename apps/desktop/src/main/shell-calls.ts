import { isDeepStrictEqual } from 'node:util'
import { type BrowserWindow, clipboard, nativeTheme } from 'electron'
import {
  type Appearance,
  type Failure,
  fileKinds,
  type Grant,
  languages,
  type Result,
  type ShellApiName,
  type ShellInfo,
  shellApis,
} from '../contract/index.ts'
import { CallError } from './call-error.ts'
import type { CopiedText } from './copied-text.ts'
import type { CoreProcess } from './core-process.ts'
import { openFile, openFolder, saveFile } from './dialogs.ts'
import type { PaperCalls } from './paper/calls.ts'
import type { WallWindow } from './wall-window.ts'

export type ShellContext = {
  window: BrowserWindow
  core: CoreProcess
  appearance: Appearance
  camera(on: boolean): void
  copied: CopiedText
  wall: WallWindow
  /** Read from disk at the first paper, not at every start. */
  paper(): Promise<PaperCalls>
  /** Keeps it for the first frame of the next start. */
  remember(appearance: Appearance): void
  info(): ShellInfo
  ready(route: string): void
}

type Input = Record<string, unknown>

function oneOf<T extends string | number>(input: Input, name: string, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === input[name])
  if (value === undefined) throw new CallError('INPUT-INVALID', `${name}: not one of ${values.join(', ')}`)
  return value
}

function text(input: Input, name: string, maximum: number): string {
  const value = input[name]
  if (typeof value !== 'string' || value.length > maximum)
    throw new CallError('INPUT-INVALID', `${name}: a text of up to ${maximum}`)
  return value
}

/** The page learns the path, and core, before any later frame of the page, that a person chose it. */
function chosen({ core }: ShellContext, use: Grant['use'], path: string | null): { path: string | null } {
  if (path !== null) core.grant({ use, path })
  return { path }
}

const calls: Record<ShellApiName, (context: ShellContext, input: Input) => unknown> = {
  'shell.info': ({ info }) => info(),
  'shell.ready': (context, input) => {
    context.ready(text(input, 'route', 200))
    return {}
  },
  'shell.openFile': async (context, input) => {
    const { window, appearance } = context
    return chosen(
      context,
      'read',
      await openFile(window, oneOf(input, 'kind', fileKinds), appearance.language),
    )
  },
  'shell.openFolder': async (context) => {
    const { window, appearance } = context
    return chosen(context, 'folder', await openFolder(window, appearance.language))
  },
  'shell.saveFile': async (context, input) => {
    const { window, appearance } = context
    const [kind, name] = [oneOf(input, 'kind', fileKinds), text(input, 'name', 200)]
    return chosen(context, 'write', await saveFile(window, kind, name, appearance.language))
  },
  'shell.savePaper': async ({ window, appearance, paper }, input) => {
    const name = text(input, 'name', 200)
    return (await paper()).save(input.paper, () => saveFile(window, 'paper', name, appearance.language))
  },
  'shell.printPaper': async ({ paper }, input) => (await paper()).print(input.paper),
  'shell.paper': async ({ paper }, input) => (await paper()).pdf(input.paper),
  'shell.appearance': (context, input) => {
    const theme = oneOf(input, 'theme', ['system', 'light', 'dark'] as const)
    const language = oneOf(input, 'language', languages)
    const textSize = oneOf(input, 'textSize', [100, 125, 150, 175, 200] as const)
    const next = { theme, language, textSize }
    if (!isDeepStrictEqual(next, context.appearance)) context.remember(next)
    context.appearance = next
    nativeTheme.themeSource = theme
    context.window.webContents.setZoomFactor(textSize / 100)
    return {}
  },
  'shell.camera': ({ camera }, { on }) => {
    if (typeof on !== 'boolean') throw new CallError('INPUT-INVALID', 'on: true or false')
    camera(on)
    return {}
  },
  'shell.copy': async (_context, input) => {
    await clipboard.writeText(text(input, 'text', 4000))
    return {}
  },
  'shell.copied': async ({ copied }, input) => {
    await copied.note(oneOf(input, 'clearAfter', [0, 30, 60, 300]))
    return {}
  },
  'shell.forgetCopied': async ({ copied }) => {
    await copied.clear()
    return {}
  },
  'shell.turnWall': ({ wall }, { on }) => {
    if (typeof on !== 'boolean') throw new CallError('INPUT-INVALID', 'on: true or false')
    if (on) wall.open()
    else wall.close()
    return { open: on, why: 'asked' }
  },
  'shell.wall': ({ wall }, input) => {
    if (!wall.show(input.wall))
      throw new CallError('INPUT-INVALID', 'wall: something that has no place there')
    return {}
  },
  'shell.restartCore': ({ core }) => {
    if (core.status().state === 'stopped') core.start()
    return core.status()
  },
}

function isShellApi(name: unknown): name is ShellApiName {
  return typeof name === 'string' && Object.hasOwn(shellApis, name)
}

const refuse = (code: string, detail: string): { ok: false; error: Failure } => ({
  ok: false,
  error: { code, detail },
})

export async function callShell(
  context: ShellContext,
  name: unknown,
  input: unknown,
): Promise<Result<unknown>> {
  if (!isShellApi(name)) return refuse('API-UNKNOWN', 'the window has no such call')
  if (typeof input !== 'object' || input === null) return refuse('INPUT-INVALID', 'an object was expected')
  try {
    return { ok: true, value: await calls[name](context, { ...input }) }
  } catch (error) {
    return error instanceof CallError ? refuse(error.code, error.message) : refuse('INTERNAL', '')
  }
}
