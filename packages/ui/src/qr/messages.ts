import type { Carried, PayloadType, ProfileName, Progress } from '@lux/crypto/transport'
import type { Modules } from './qr-code.ts'

/** What a sender shows. */
export type Sending = {
  /** Codes until each part was shown once. */
  readonly lap: number
  /** Codes of the first part of a lap, which are all of it. */
  readonly source: number
  readonly single: boolean
  readonly framesPerSecond: number
  /** Until each part was shown once. */
  readonly seconds: number
  /** How it is best carried. */
  readonly way: 'qr' | 'file-first' | 'file'
}

export type Refused = { readonly ok: false; readonly rule: string; readonly detail: string }

/** What one code of a picture was, or several: the best of them. */
export type Scanned =
  | { readonly state: 'nothing' }
  | { readonly state: 'progress'; readonly fresh: boolean; readonly progress: Progress }
  | { readonly state: 'received'; readonly carried: Carried }
  | { readonly state: 'refused'; readonly rule: string; readonly detail: string }

/** What a panel asks of its worker. A worker serves one panel. */
export type QrWork = {
  send(carried: Carried, profile: ProfileName): Promise<{ ok: true; value: Sending } | Refused>
  codeAt(position: number): Promise<Modules>
  receive(expected: readonly PayloadType[]): Promise<null>
  /** Takes the picture over. */
  scan(picture: ImageBitmap): Promise<Scanned>
}

export type QrCall = {
  [N in keyof QrWork]: { readonly id: number; readonly name: N; readonly args: Parameters<QrWork[N]> }
}[keyof QrWork]

export type QrReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: string }
