import { fileKinds } from '../ceremonies.ts'
import { languages } from '../languages.ts'
import type { Paper } from '../paper.ts'
import type { CoreStatus, ShellInfo } from '../shell.ts'
import type { Wall, WallState } from '../wall.ts'
import { oneOf, readElsewhere, textOf, yesNo } from './fields.ts'
import { ofDisk } from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

const paper = readElsewhere<Paper>()

export const shell = {
  'shell.info': entry({ gives: gives<ShellInfo>() }),
  /** The renderer says once per load that it can be used; main prints it as `LUX-READY`. */
  'shell.ready': entry({ input: { route: textOf(200) }, gives: gives<Record<string, never>>() }),
  'shell.openFile': entry({
    input: { kind: oneOf(fileKinds) },
    gives: gives<{ path: string | null }>(),
    limit: null,
  }),
  'shell.openFolder': entry({ gives: gives<{ path: string | null }>(), limit: null }),
  'shell.saveFile': entry({
    input: { kind: oneOf(fileKinds), name: textOf(200) },
    gives: gives<{ path: string | null }>(),
    limit: null,
  }),
  /** As tagged PDF, where the person chooses; null when they chose nothing. */
  'shell.savePaper': entry({
    input: { paper, name: textOf(200) },
    gives: gives<{ path: string | null }>(),
    limit: null,
    errors: ['PAPER-FAILED', ...ofDisk],
  }),
  /** By a printer of the system's, in the system's own dialog. */
  'shell.printPaper': entry({
    input: { paper },
    gives: gives<{ sent: boolean }>(),
    limit: null,
    errors: ['PAPER-FAILED', 'PRINTER-NONE', 'PRINTER-REFUSED'],
  }),
  /** As tagged PDF, in Base64: for core, which lays it beside a bundle. */
  'shell.paper': entry({
    input: { paper },
    gives: gives<{ pdf: string }>(),
    limit: null,
    errors: ['PAPER-FAILED'],
  }),
  'shell.appearance': entry({
    input: {
      theme: oneOf(['system', 'light', 'dark']),
      language: oneOf(languages),
      textSize: oneOf([100, 125, 150, 175, 200]),
    },
    gives: gives<Record<string, never>>(),
  }),
  /** The window may use a camera while this is on: a panel that scans codes is open. */
  'shell.camera': entry({ input: { on: yesNo }, gives: gives<Record<string, never>>() }),
  /** Onto the clipboard, and nothing is ever read from there: commands and other texts that anybody may see. */
  'shell.copy': entry({ input: { text: textOf(4000) }, gives: gives<Record<string, never>>() }),
  /** A person copied something out of the window: it is cleared in so many seconds, 0 for never, unless something else lies there. */
  'shell.copied': entry({
    input: { clearAfter: oneOf([0, 30, 60, 300]) },
    gives: gives<Record<string, never>>(),
  }),
  /** Nobody is at the window: what was copied out of it is cleared now. */
  'shell.forgetCopied': entry({ gives: gives<Record<string, never>>() }),
  'shell.restartCore': entry({ gives: gives<CoreStatus>() }),
  /** Opens or closes the window on the wall, for the whole room. */
  'shell.turnWall': entry({ input: { on: yesNo }, gives: gives<WallState>() }),
  /** What the wall shows; anything that has no place there is refused. */
  'shell.wall': entry({ input: { wall: readElsewhere<Wall>() }, gives: gives<Record<string, never>>() }),
} as const
