import { escapedUnits, withoutHidden } from '@lux/crypto/text'

/**
 * A text of a token, a machine or a person as a terminal may show it, on one line: what could move the cursor, hide a row, turn or
 * hide what was said is written as `\u202e`, beyond U+FFFF as two of them. JSON text stays the same document.
 */
export function escapeForTerminal(text: string): string {
  return withoutHidden(text, escapedUnits)
}

/** As `escapeForTerminal`, of text that has lines of its own. */
export function escapeLinesForTerminal(text: string): string {
  return text.split('\n').map(escapeForTerminal).join('\n')
}
