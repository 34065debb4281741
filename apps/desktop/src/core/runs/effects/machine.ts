import type { Perform } from './context.ts'
import { leavesNothing, type Works } from './work.ts'

const measureMachine: Perform<'measure-machine'> = async (_effect, run) => ({
  tool: run.measurement.build,
  kernel: run.measurement.kernel,
  library: run.hsm.library.sha256,
  tpmQuote: run.measurement.tpmQuote,
  files: run.measurement.files,
})

export const works = {
  'measure-machine': { perform: measureMachine, look: leavesNothing },
} satisfies Works<'measure-machine'>
