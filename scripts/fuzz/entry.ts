import { targets } from './targets.ts'

const name = process.env.LUX_FUZZ ?? ''
const target = targets[name]
if (target === undefined) throw new Error(`no target ${name}`)

/** What the engine calls with each input. */
export const fuzz = (data: Uint8Array): unknown => target.run(new Uint8Array(data))
