export * from './checkpoint.ts'
export * from './schema.ts'
