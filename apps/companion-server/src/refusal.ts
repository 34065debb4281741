export { accept, type Outcome, type Refusal, refuse } from '@lux/crypto'

/** The environment failed (disk, database, token), not the request: exit status 3 on the command line, 503 over HTTP. */
export class EnvironmentError extends Error {
  readonly code: string

  constructor(code: string, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'EnvironmentError'
    this.code = code
  }
}
