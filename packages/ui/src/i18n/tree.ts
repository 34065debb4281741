/** Texts by key. */
export type Tree = { [key: string]: string | Tree }

/** All sections of a language. Each file is one top-level key. */
export function sections(files: Readonly<Record<string, Tree>>): Tree {
  return Object.fromEntries(
    Object.entries(files).map(([path, section]) => [
      path.slice(path.lastIndexOf('/') + 1, -'.json'.length),
      section,
    ]),
  )
}
