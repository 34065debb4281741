import type { Paper } from './paper.ts'
import type { Result } from './result.ts'
import type { CoreStatus } from './shell.ts'
import type { UseCaseName } from './use-cases/index.ts'
import type { WallState } from './wall.ts'

/** Raised with every change that an older core or renderer would misread. */
export const contractVersion = 2

/** Payloads of pushed events. `core.state` and `wall.changed` come from main, the others from core. */
export type Events = {
  'ceremony.changed': { id: string }
  'work.progress': { id: string; what: string; fraction: number | null; cancellable: boolean }
  'tokens.changed': Record<string, never>
  'core.state': CoreStatus
  'wall.changed': WallState
}
export type EventName = keyof Events

export type Request = { id: number; api: UseCaseName; input: unknown }
export type Response = { id: number; result: Result<unknown> }
export type PushedEvent = { [N in EventName]: { event: N; payload: Events[N] } }[EventName]

/**
 * What passes between main and core's process. A string is a frame of the renderer (JSON of a Request, a Response or a
 * PushedEvent), which main relays unread; an object is for the other process itself.
 */
export type CoreToMain =
  | string
  /** First message, once core can serve: its contract version, and the generation that main gave it in LUX_GENERATION. */
  | { hello: 'lux-core'; version: number; generation: number }
  /** A ceremony is open and not paused: main keeps the machine awake and asks before closing. */
  | { attention: boolean }
  /** Core cannot serve (locked, newer or damaged store): main shows the code and does not restart it. */
  | { refused: { code: string; detail: string } }
  /** The answer to main's, from core's own loop: one that hangs never gives it. */
  | { beat: true }
  | { paper: PaperAsked }
export type MainToCore =
  | string
  /** Finish what is on its way to disk, then exit 0. */
  | { stop: true }
  | { beat: true }
  | { grant: Grant }
  | { paper: { id: number; end: PaperEnd } }

/** A page with a secret on it, which the window never sees: printed, or written as PDF to `to`, which a person chose. */
export type PaperAsked = { id: number; paper: Paper; to: string | null }
/** `made`: false where somebody closed the system's print dialog. */
export type PaperEnd = { made: boolean } | { code: (typeof paperFailures)[number]; detail: string }

/**
 * A person chose this path in a dialog of the system's, which main showed. Core takes no other path from the window:
 * `read` that file, `write` that file, or write new files into that `folder`.
 */
export type Grant = { use: 'read' | 'write' | 'folder'; path: string }

/** A two-way channel of whole messages; how core is served, over a child's IPC or inside a test. */
export type Port<Out, In> = {
  post(message: Out): void
  onMessage(listener: (message: In) => void): void
  onClose(listener: () => void): void
}
export type CorePort = Port<CoreToMain, MainToCore>

export const paperFailures = [
  'PAPER-FAILED',
  'PRINTER-NONE',
  'PRINTER-REFUSED',
  'DISK-FULL',
  'FOLDER-READ-ONLY',
] as const

/** What tokens' libraries read of their environment; a test holds it together with the driver's profiles. */
export const libraryVariables = [
  'SOFTHSM2_CONF',
  'TPM2_PKCS11_STORE',
  'TPM2_PKCS11_TCTI',
  'DBUS_SESSION_BUS_ADDRESS',
  'YUBIHSM_PKCS11_CONF',
  'ChrystokiConfigurationPath',
  'NFAST_HOME',
  'CKNFAST_LOADSHARING',
  'CKNFAST_NO_ACCELERATOR_SLOTS',
  'OPENSC_CONF',
  'P11NETHSM_CONFIG_FILE',
  'KRYOPTIC_CONF',
] as const

/** The whole environment that main gives core, beside HOME, PATH, TMPDIR and LANG. */
export type CoreEnvironment = { [K in (typeof libraryVariables)[number]]?: string } & {
  LUX_GENERATION: string
  /** Folder of the store; core makes it when missing. */
  LUX_STORE: string
  /** `1`: the training store of a checkout. */
  LUX_TRAINING?: string
  /** PKCS#11 library and its configuration, passed on to hsm-host. */
  LUX_PKCS11?: string
  /** What that library is told when it starts. */
  LUX_PKCS11_INIT?: string
  /** Folder with scripts and locales when packaged; a checkout's resources/ otherwise. */
  LUX_RESOURCES: string
}

/** All that the page gets: `window.lux`, frozen. Values are those of the contract, typed by the renderer's own client. */
export type Bridge = {
  invoke(api: UseCaseName, input: unknown): Promise<Result<unknown>>
  /** Where a file or folder lies that a person dropped onto the window; null for anything else. From then on core may read it. */
  dropped(file: object): Promise<string | null>
  onEvent(listener: (event: EventName, payload: unknown) => void): () => void
}
