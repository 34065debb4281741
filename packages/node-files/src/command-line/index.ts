export { completionScript, type Shell, shells } from './completion.ts'
export { manualPage } from './manual.ts'
