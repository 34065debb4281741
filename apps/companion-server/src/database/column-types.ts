import type { ColumnType } from 'kysely'

export type Time = ColumnType<Date, Date | string, Date | string>
export type MadeTime = ColumnType<Date, Date | string | undefined, Date | string>
/** PostgreSQL's bigint, read as decimal text so that nothing is rounded. */
export type BigInt64 = ColumnType<string, string | number | bigint, string | number | bigint>
export type Document = ColumnType<unknown, string, string>
