import type { Hsm } from '../device.ts'

export type StartHsmOptions = {
  /** Path of the vendor's PKCS#11 library. */
  readonly library: string
  /** Passed to the host, and nothing else is: e.g. SOFTHSM2_CONF. */
  readonly environment?: Readonly<Record<string, string>>
  /** Node 24 to run the host with; this process's own by default. */
  readonly execPath?: string
  /** Entry of the host process: src/host/main.ts by default, the built file when packaged. */
  readonly hostEntry?: string
  /** Milliseconds for an ordinary call; making key pairs, the window and the probe get more. Default 20 000. */
  readonly callTimeoutMs?: number
}

export declare function startHsm(options: StartHsmOptions): Promise<Hsm>
