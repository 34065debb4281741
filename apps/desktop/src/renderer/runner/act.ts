import type { Result, RunView } from '../../contract/index.ts'

export type Act = (answer: Promise<Result<RunView>>) => Promise<boolean>
