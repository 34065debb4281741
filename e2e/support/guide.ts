import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/root.ts'

/** What a section of a guide has people press, in bold, and see, in italics: each once. `heading`: its line, without the marks. */
function namedIn(page: string, heading: string): string[] {
  const text = readFileSync(join(root, 'docs/guide', page), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new RangeError(`${page} has no section ${heading}`)
  const marked = section.replaceAll(/\s+/g, ' ').matchAll(/\*\*(.+?)\*\*|(?<!\*)\*([^*]+)\*(?!\*)/g)
  return [...new Set([...marked].map(([, bold, italics]) => bold ?? italics ?? ''))]
}

/** A guide that is followed to the letter: whatever it names has to be done, and nothing is done in its name that it does not name. */
export class Guide {
  readonly #named: ReadonlySet<string>
  readonly #done = new Set<string>()

  constructor(page: string, heading: string) {
    this.#named = new Set(namedIn(page, heading))
  }

  did(...names: string[]): void {
    for (const name of names) {
      if (!this.#named.has(name)) throw new RangeError(`the guide does not name ${name}`)
      this.#done.add(name)
    }
  }

  left(): string[] {
    return [...this.#named].filter((name) => !this.#done.has(name))
  }
}
