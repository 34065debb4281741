// Control, format and surrogate characters, line and paragraph separators, and whatever else a screen leaves out.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * A text of a token, a machine or a person as a terminal may show it, on one line: what could move the cursor, hide a row, turn or
 * hide what was said is written as `\u202e`, beyond U+FFFF as two of them. JSON text stays the same document.
 */
export function escapeForTerminal(text: string): string {
  return text.replace(hidden, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** As `escapeForTerminal`, of text that has lines of its own. */
export function escapeLinesForTerminal(text: string): string {
  return text.split('\n').map(escapeForTerminal).join('\n')
}
