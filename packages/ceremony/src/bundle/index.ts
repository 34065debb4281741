export * from './predicate.ts'
export * from './statement.ts'
