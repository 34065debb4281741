import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCustodianShare, trustedPolicy } from '@lux/people'
import { loadStandIns } from '../../../src/core/rehearsal/stand-ins.ts'

/** Writes the words that the envelope of a rehearsal's first custodian holds: `node sheet-words.ts RUN`. */
const [, , run = ''] = process.argv
const bytes = (name: string) => new Uint8Array(readFileSync(join(run, name)))
const policy = trustedPolicy(bytes('policy.json'))
const custodian = loadStandIns(run).find(({ name }) => name === 'Custodian One')
if (!policy.ok || custodian === undefined) throw new Error('no policy, or no custodian')
const opened = await openCustodianShare(
  {
    policy: policy.value,
    opening: bytes('opening.json'),
    envelope: bytes('backup/custodian-1.age'),
    signature: bytes('backup/custodian-1.sig'),
  },
  custodian,
)
if (!opened.ok) throw new Error(opened.detail)
process.stdout.write(opened.value.words)
