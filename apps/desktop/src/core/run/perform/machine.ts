import type { Perform } from '../../runs/effects/context.ts'

export const measureMachine: Perform<'measure-machine'> = async (_effect, run) => ({
  tool: run.measurement.build,
  kernel: run.measurement.kernel,
  library: run.hsm.library.sha256,
  tpmQuote: run.measurement.tpmQuote,
  files: run.measurement.files,
})
