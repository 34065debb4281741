/** What people of tests type for a new secret. */
export const strongPassphrase = 'chalk orbit velvet thirteen marmot'

/** Another of theirs. */
export const otherPassphrase = 'plum anvil drizzle seventy walrus'
