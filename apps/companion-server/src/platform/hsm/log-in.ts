import type { PinPrint } from './pin-file.ts'

export type Seal = { readonly code: string; readonly detail: string }

/** How a server stands with its token. Only `afterEvent` changes it. */
export type LogIn = {
  /** Why nothing can be served, or null. */
  readonly seal: Seal | null
  /** The host process that is logged in, by its count: a later one has lost the log-in. */
  readonly generation: number
  /** Of the PIN that the token took; null at a pad. */
  readonly print: PinPrint | null
  /** Of the PIN that it refused when it had lost the session: calls that failed of the same know it before it is on disk. */
  readonly refused: PinPrint | null
  /** Only a new host finds the token again. */
  readonly isLost: boolean
  /** Nobody can be counted on to stand at the pad, so it is asked once, at the start. */
  readonly isPadAsked: boolean
}

export type LogInEvent =
  /** `print`: of the PIN that was sent; absent where the token was logged in already, or at its pad. */
  | { readonly kind: 'logged-in'; readonly generation: number; readonly print?: PinPrint }
  /** The PIN in the file is one that the token refused before: it was not sent. */
  | { readonly kind: 'pin-spent' }
  /** By the driver's code. */
  | { readonly kind: 'failed' | 'pad-failed' | 'token-lost'; readonly code: string; readonly detail: string }
  /** Before the token was asked: by the code of what is wrong with the server's own files. */
  | { readonly kind: 'not-tried'; readonly code: string; readonly detail: string }
  | { readonly kind: 'pad-asked' | 'pad-spent' }
  /** The kept PIN was sent once for a lost session and refused: somebody changed it. */
  | { readonly kind: 'pin-changed' }

export const beforeLogIn: LogIn = {
  seal: { code: 'TOKEN-PIN', detail: 'not logged in yet' },
  generation: 0,
  print: null,
  refused: null,
  isLost: false,
  isPadAsked: false,
}

/** The token was taken away, or its library has lost it for good. */
export const lostToken: ReadonlySet<string> = new Set(['HSM-TOKEN-ABSENT', 'HSM-DEVICE-ERROR', 'HSM-BROKEN'])

export const isAboutPin = (code: string): boolean => code.startsWith('HSM-PIN')

const pinSpent = {
  code: 'TOKEN-PIN',
  detail: 'the token refused this PIN; it is not sent again until it changes',
}

export function afterEvent(was: LogIn, event: LogInEvent): LogIn {
  switch (event.kind) {
    case 'logged-in': {
      const { generation, print = was.print } = event
      return { ...was, seal: null, generation, print, isLost: false }
    }
    case 'pin-spent':
      return { ...was, seal: pinSpent, isLost: false }
    case 'failed': {
      const { code, detail } = event
      const seal = { code: isAboutPin(code) ? 'TOKEN-PIN' : code, detail }
      return { ...was, seal, isLost: lostToken.has(code) }
    }
    case 'token-lost':
      return { ...was, seal: { code: event.code, detail: event.detail }, isLost: true }
    case 'not-tried':
      return { ...was, seal: { code: event.code, detail: event.detail } }
    case 'pin-changed':
      return { ...was, seal: pinSpent, refused: was.print ?? was.refused }
    case 'pad-asked':
      return { ...was, isPadAsked: true }
    case 'pad-failed':
      return { ...was, seal: { code: 'TOKEN-PAD', detail: `${event.code}: ${event.detail}` } }
    case 'pad-spent': {
      const detail = 'the log-in at the token’s own pad is over; start the server anew there'
      return { ...was, seal: { code: 'TOKEN-PAD', detail } }
    }
  }
}
