/** One character of a name, as it is or by its escape. */
const letter = (one: string): string =>
  `(?:${one}|\\\\u00${one
    .charCodeAt(0)
    .toString(16)
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)})`

/** A member's name, and no value: what follows it is a colon. One pass, since nothing of it can begin twice. */
const forged = new RegExp(
  `"(?:${['__proto__', 'constructor'].map((name) => Array.from(name, letter).join('')).join('|')})"\\s*:`,
)

/**
 * The JSON of a body, at about the cost of reading it alone, whatever is in it. Throws SyntaxError, also where a member is called __proto__ or
 * constructor: what copies members later would write into what objects inherit; and where an object has two members of one name, of which
 * readers before and after this one may take the other.
 */
export function parseJsonBody(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (forged.test(text)) throw new SyntaxError('forbidden name')
  if (membersOf(text) !== kept(value)) throw new SyntaxError('a name comes twice')
  return value
}

/** How many members JSON has: its colons outside strings. */
function membersOf(text: string): number {
  let members = 0
  let [at, colon] = [0, text.indexOf(':')]
  while (colon >= 0) {
    const quote = text.indexOf('"', at)
    for (; colon >= 0 && (quote < 0 || colon < quote); colon = text.indexOf(':', colon + 1)) members++
    if (quote < 0) break
    at = closing(text, quote) + 1
    if (colon >= 0 && colon < at) colon = text.indexOf(':', at)
  }
  return members
}

/** Where the string that opens there ends: at a quote with an even number of backslashes before it. */
function closing(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); ; at = text.indexOf('"', at + 1)) {
    let slash = at
    while (text[slash - 1] === '\\') slash--
    if ((at - slash) % 2 === 0) return at
  }
}

/** How many members the value has. */
function kept(value: unknown): number {
  let members = 0
  const open = [value]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (one === null || typeof one !== 'object') continue
    const within: readonly unknown[] = Array.isArray(one) ? one : Object.values(one)
    if (!Array.isArray(one)) members += within.length
    for (const each of within) if (typeof each === 'object' && each !== null) open.push(each)
  }
  return members
}
