import fc from 'fast-check'

/** What crosses to a token host and back. */
export const value = fc.letrec((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    fc.uint8Array({ maxLength: 40 }),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.array(tie('one'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('one'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).one
