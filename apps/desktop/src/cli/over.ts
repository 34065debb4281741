import { CoreError } from '@lux/node-files'

/** A command that a run takes no more, because it is over. */
export function runIsOver(what: 'abort' | 'receipt', folder: string, state: string): CoreError {
  const look = `custody ceremony status ${folder} shows how it ended`
  if (what === 'abort')
    return new CoreError('RUN-06', `the run is ${state}`, `nothing is left to abort; ${look}`)
  const taken =
    state === 'Aborted'
      ? 'an aborted run has no bundle that a server takes'
      : `its receipts lie in ${folder}/receipts, and it needs no more`
  return new CoreError(
    'SUBMIT-01',
    `the run is ${state}`,
    `${taken}; ${look}; give a receipt of another bundle with the folder of its own run`,
  )
}
