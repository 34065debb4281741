import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../root.ts'
import { note, ran, seconds } from './run.ts'

/** Outside the checkout: 2 GB of build. CARGO_TARGET_DIR names another place. */
export const targetFolder = process.env.CARGO_TARGET_DIR ?? join(tmpdir(), 'lux-fhe-evaluator-target')

/** Builds examples/fhe-evaluator from its lock file; four minutes the first time. Gives the program. */
export const buildEvaluator = (): Promise<string> => built('examples/fhe-evaluator', 'fhe-evaluator')

/** Builds the KMIP client in Rust, with Debian's libssl-dev; a quarter of a minute the first time. */
export const buildKmipClient = (): Promise<string> =>
  built('apps/companion-server/test/doors/kmip/clients/kmip-protocol', 'kmip-client')

async function built(folder: string, name: string): Promise<string> {
  const manifest = join(root, folder, 'Cargo.toml')
  const args = ['build', '--release', '--locked', '--manifest-path', manifest, '--target-dir', targetFolder]
  const { ms } = await ran('cargo', args)
  note(`cargo build --release, ${name}: ${seconds(ms)}`)
  return join(targetFolder, 'release', name)
}
