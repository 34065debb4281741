import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { KeyScope } from './conditions.ts'

/** As `outsideOf` says it of one key: its row is within any of these. */
export function withinScopes(
  scopes: readonly KeyScope[],
  { name, algorithm }: { readonly name: RawBuilder<unknown>; readonly algorithm: RawBuilder<unknown> },
): RawBuilder<SqlBool> {
  const each = scopes.map(({ keyNames, keyAlgorithms }) => {
    const named =
      keyNames === undefined
        ? sql`true`
        : sql`exists (select from unnest(${[...keyNames]}::text[]) as start where starts_with(${name}, start))`
    const made =
      keyAlgorithms === undefined ? sql`true` : sql`${algorithm} = any(${[...keyAlgorithms]}::text[])`
    return sql`(${named} and ${made})`
  })
  return each.length === 0 ? sql`false` : sql`(${sql.join(each, sql` or `)})`
}
