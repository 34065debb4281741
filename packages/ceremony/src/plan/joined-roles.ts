const joined: readonly (readonly string[])[] = [
  ['recorder', 'witness'],
  ['officer', 'holder'],
]

/** Whether one person may hold these roles of a roster or kinds of a card: SPEC.md 7, CARDS. */
export function mayJoin(roles: readonly string[]): boolean {
  return new Set(roles).size < 2 || joined.some((pair) => roles.every((role) => pair.includes(role)))
}
