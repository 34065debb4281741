import { mkdirSync } from 'node:fs'
import { findProgram } from '../../../src/core/program.ts'
import { startCore } from './core-in-test.ts'

/** As a process of its own, for a limit of its own: begins rehearsals as the window does until the disk takes no more. */
const [, , home = ''] = process.argv
mkdirSync(home, { recursive: true })
const core = await startCore(home, findProgram())
const before = Object(await core.call('ceremonies.list', {}))
const answer = await core.call('ceremonies.startRehearsal', { script: 'root-kek', values: {} })
const after = Object(await core.call('ceremonies.list', {}))
const settings = await core.call('settings.get', {})
await core.stop()
process.stdout.write(JSON.stringify({ before, answer, after, settings }))
