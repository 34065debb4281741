const hidden = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Text of a token, a machine or a person on one line of a terminal: controls (C0, DEL, C1) and marks of direction, which could move the
 * cursor, hide a row or turn an order round, as \uXXXX. JSON text stays the same document.
 */
export function visible(text: string): string {
  return text.replace(hidden, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** As `visible`, of text that has lines of its own. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}
