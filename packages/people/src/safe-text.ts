import { escapedUnits, withoutHidden } from '@lux/crypto/text'

/**
 * Foreign text as a terminal may show it, on one line. Characters that move the cursor or hide or turn text are written as `\u202e`; beyond
 * U+FFFF as two of these. JSON text stays the same document.
 */
export function escapeForTerminal(text: string): string {
  return withoutHidden(text, escapedUnits)
}

/** As `escapeForTerminal`, for text with lines of its own. */
export function escapeLinesForTerminal(text: string): string {
  return text.split('\n').map(escapeForTerminal).join('\n')
}
