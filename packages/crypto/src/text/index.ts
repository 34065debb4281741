export * from './readable.ts'
