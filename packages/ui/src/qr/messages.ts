import type { Carried, PayloadType, ProfileName, Progress } from '@lux/crypto/transport'
import type { Modules } from './qr-code.ts'

/** A transfer as its sender shows it. */
export type Sending = {
  /** How many codes show each part once. */
  readonly lap: number
  /** How many codes, at the start of a lap, hold the whole payload. */
  readonly source: number
  readonly single: boolean
  readonly framesPerSecond: number
  /** Seconds until each part was shown once. */
  readonly seconds: number
  /** The recommended way: codes, or a file. */
  readonly way: 'qr' | 'file-first' | 'file'
}

export type Refused = { readonly ok: false; readonly rule: string; readonly detail: string }

/** The best result among the codes of one picture. */
export type Scanned =
  | { readonly state: 'nothing' }
  | { readonly state: 'progress'; readonly fresh: boolean; readonly progress: Progress }
  | { readonly state: 'received'; readonly carried: Carried }
  | { readonly state: 'refused'; readonly rule: string; readonly detail: string }

/** The calls of a panel's worker. Each panel has a worker of its own. */
export type QrWork = {
  send(carried: Carried, profile: ProfileName): Promise<{ ok: true; value: Sending } | Refused>
  codeAt(position: number): Promise<Modules>
  receive(expected: readonly PayloadType[]): Promise<null>
  /** The worker takes the picture over and closes it. */
  scan(picture: ImageBitmap): Promise<Scanned>
}

export type QrCall = {
  [N in keyof QrWork]: { readonly id: number; readonly name: N; readonly args: Parameters<QrWork[N]> }
}[keyof QrWork]

export type QrReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: string }
