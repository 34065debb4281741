import type { PoolConfig } from 'pg'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import type { TlsKey } from '../platform/tls/certificate.ts'

/** What workers are told of the token, again whenever it changed. */
export type TokenState = Pick<ServerToken, 'sealed' | 'tokens'>

/** What one worker is to be. */
export type WorkerStart = {
  readonly state: string
  readonly database: PoolConfig
  readonly token: TokenState & Pick<ServerToken, 'serial' | 'root'>
  readonly tls: TlsKey | null
  readonly host: string
  readonly port: number
  /** Null: KMIP is not served. */
  readonly kmip: { readonly port: number; readonly tls: TlsKey } | null
}

/** A call of the token, by the name of its method: what `use`, `useAgain` and `useToken` lend. */
export type TokenCall = {
  readonly lent: 'device' | 'device-again' | 'token'
  readonly method: string
  readonly args: readonly unknown[]
}

/** A registry's metrics, as prom-client gives them to be put together. */
export type Figures = readonly object[]

/** How often names were counted, since this was told last. */
export type Counts = readonly (readonly [name: string, count: number])[]

/** An error on its way between two processes of the server. */
export type Thrown =
  | { readonly kind: 'environment'; readonly code: string; readonly detail: string }
  | {
      readonly kind: 'token'
      readonly code: string
      readonly ckr: { readonly name: string; readonly number: number } | null
      readonly detail: string
      readonly remedy: string | null
    }
  | { readonly kind: 'fault'; readonly name: string; readonly at: string }

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: Thrown }

export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'token'; readonly state: TokenState }
  | { readonly kind: 'counts'; readonly counts: Counts }
  | { readonly kind: 'figures-wanted'; readonly id: number }
  | { readonly kind: 'drain' }
  | { readonly kind: 'close' }

export type FromWorker =
  | { readonly kind: 'listening'; readonly address: string; readonly kmipPort: number | null }
  | { readonly kind: 'failed'; readonly error: Thrown }
  | { readonly kind: 'token-call'; readonly id: number; readonly call: TokenCall }
  | { readonly kind: 'unseal'; readonly id: number }
  | { readonly kind: 'counts'; readonly counts: Counts }
  | { readonly kind: 'all-figures'; readonly id: number }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: Figures }
