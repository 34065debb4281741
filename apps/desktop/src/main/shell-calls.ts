import { isDeepStrictEqual } from 'node:util'
import { type BrowserWindow, clipboard, nativeTheme } from 'electron'
import {
  type Appearance,
  type Failure,
  type Grant,
  inputFault,
  isOfMain,
  type Result,
  type RunsOf,
  type ShellInfo,
  type ShellUseCase,
} from '../contract/index.ts'
import { CallError } from './call-error.ts'
import type { CopiedText } from './copied-text.ts'
import type { CoreProcess } from './core-process.ts'
import { openFile, openFolder, saveFile } from './dialogs.ts'
import { oneDialog } from './one-dialog.ts'
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

/** The page learns the path, and core, before any later frame of the page, that a person chose it. */
function chosen({ core }: ShellContext, use: Grant['use'], path: string | null): { path: string | null } {
  if (path !== null) core.grant({ use, path })
  return { path }
}

const runs: RunsOf<ShellUseCase, ShellContext> = {
  'shell.info': ({ info }) => info(),
  'shell.ready': (context, { route }) => {
    context.ready(route)
    return {}
  },
  'shell.openFile': async (context, { kind }) =>
    chosen(
      context,
      'read',
      await oneDialog(() => openFile(context.window, kind, context.appearance.language)),
    ),
  'shell.openFolder': async (context) =>
    chosen(context, 'folder', await oneDialog(() => openFolder(context.window, context.appearance.language))),
  'shell.saveFile': async (context, { kind, name }) =>
    chosen(
      context,
      'write',
      await oneDialog(() => saveFile(context.window, kind, name, context.appearance.language)),
    ),
  'shell.savePaper': async ({ window, appearance, paper }, input) =>
    (await paper()).save(input.paper, () =>
      oneDialog(() => saveFile(window, 'paper', input.name, appearance.language)),
    ),
  'shell.printPaper': async ({ paper }, input) => (await paper()).print(input.paper),
  'shell.paper': async ({ paper }, input) => (await paper()).pdf(input.paper),
  'shell.appearance': (context, next) => {
    if (!isDeepStrictEqual(next, context.appearance)) context.remember(next)
    context.appearance = next
    nativeTheme.themeSource = next.theme
    context.window.webContents.setZoomFactor(next.textSize / 100)
    return {}
  },
  'shell.camera': ({ camera }, { on }) => {
    camera(on)
    return {}
  },
  'shell.copy': async (_context, { text }) => {
    await clipboard.writeText(text)
    return {}
  },
  'shell.copied': async ({ copied }, { clearAfter }) => {
    await copied.note(clearAfter)
    return {}
  },
  'shell.forgetCopied': async ({ copied }) => {
    await copied.clear()
    return {}
  },
  'shell.turnWall': ({ wall }, { on }) => {
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

const refuse = (code: string, detail: string): { ok: false; error: Failure } => ({
  ok: false,
  error: { code, detail },
})

export async function callShell(
  context: ShellContext,
  name: unknown,
  input: unknown,
): Promise<Result<unknown>> {
  if (typeof name !== 'string' || !isOfMain(name)) return refuse('API-UNKNOWN', 'the window has no such call')
  const fault = inputFault(name, input)
  if (fault !== null) return refuse('INPUT-INVALID', fault)
  try {
    // The fields of this use case were held against the input on the line before.
    const run = runs[name] as (context: ShellContext, input: unknown) => unknown
    return { ok: true, value: await run(context, input) }
  } catch (error) {
    return error instanceof CallError ? refuse(error.code, error.message) : refuse('INTERNAL', '')
  }
}
