import type { ErrorCode } from '../contract/index.ts'

/** Why main does not do what the page asked, for people to read. */
export class CallError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, detail: string) {
    super(detail)
    this.code = code
  }
}
