import { tmpdir } from 'node:os'
import { shim } from '../shim.ts'

/**
 * The fault module as a file of its own in `to`. It hands its calls on to SoftHSM, or to the library that FAULT_LIBRARY names; its plan,
 * log and counts lie beside it (README.md).
 */
export const faultModule = (to: string): string => shim(import.meta.dirname, to)

// As a program it prints the path: for tests of other packages.
if (process.argv[1] === import.meta.filename) process.stdout.write(faultModule(process.argv[2] ?? tmpdir()))
