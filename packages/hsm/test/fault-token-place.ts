/** `node fault-token-place.ts FOLDER`: a soft token behind the fault module in that folder, for tests of built programs. Prints JSON. */
import { join } from 'node:path'
import { softTokenEnvironment } from '../src/index.ts'
import { faultModule } from './fault-module/build.ts'

const [folder = ''] = process.argv.slice(2)
const { environment } = softTokenEnvironment(join(folder, 'soft'))
process.stdout.write(JSON.stringify({ ...environment, LUX_PKCS11: faultModule(folder) }))
