// Not in index.ts: core starts without the table of characters.

import { escapedUnits, withoutDirections } from '@lux/crypto/text'

const marks: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as HTML has it. What embeds or overrides directions is written as its number: it would make it read as another one. */
export function escaped(text: string): string {
  return withoutDirections(text, escapedUnits).replace(/[&<>"']/g, (one) => marks[one] ?? '')
}
