/** The title of a PDF: a text in parentheses, or UTF-16 in hex. */
export function titleOf(pdf: string): string {
  const [, plain, hex] = /\/Title (?:\(([^)]*)\)|<([0-9A-Fa-f]+)>)/.exec(pdf) ?? []
  return hex === undefined ? (plain ?? '') : Buffer.from(hex, 'hex').swap16().toString('utf16le')
}
