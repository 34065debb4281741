import type { RequestPackage } from '@lux/ceremony/wire'
import { describeRequest, type Line } from '@lux/people'
import { escapeForTerminal } from '../shell/safe-text.ts'

/** A request as its bytes say it, each line by whose word it is: a terminal's text. */
export function requestText({ request: { payload } }: RequestPackage, lines: readonly Line[]): string[] {
  return [
    `${payload.domain.toUpperCase()}  decryption request ${payload.requestId}, mode ${payload.mode}`,
    ...lines.map(
      ({ whose, name, value }) => `${whose.padEnd(9)}  ${name.padEnd(11)}  ${escapeForTerminal(value)}`,
    ),
  ]
}

/** The same of a request whose signatures nobody has checked. */
export const uncheckedText = (given: RequestPackage): string[] =>
  requestText(given, describeRequest(given, null))
