/**
 * `node production-room.ts FOLDER BUILD`: everything that a production run of the chain needs, for a tool of that build,
 * as ProductionPlace has it, and the keys of its people and of one holder, Hana, for `custody` on their own devices.
 */
import { ProductionPlace } from '../../core/support/production-place.ts'
import { enrolled, passphrase, passphraseFile, workFactor } from './people.ts'

const [home = '', build = ''] = process.argv.slice(2)
const place = new ProductionPlace({ home, build })
passphraseFile(home)
await place.writeKeys(passphrase, workFactor)
await enrolled(home, 'holder', 'Hana')
