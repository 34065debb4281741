/** Where people chose their key files since this window was opened, so that each is asked for it once. Paths alone, and nothing is kept. */
const paths = new Map<string, string>()

export const rememberKey = (name: string, path: string): void => void paths.set(name, path)

export const keyOf = (name: string): string | null => paths.get(name) ?? null
