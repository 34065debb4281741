import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../root.ts'
import { note, ran, seconds } from './run.ts'

/** Outside the checkout: 2 GB of build. CARGO_TARGET_DIR names another place. */
export const targetFolder = process.env.CARGO_TARGET_DIR ?? join(tmpdir(), 'lux-fhe-evaluator-target')

/** Builds examples/fhe-evaluator from its lock file; four minutes the first time. Gives the program. */
export async function buildEvaluator(): Promise<string> {
  const manifest = join(root, 'examples/fhe-evaluator/Cargo.toml')
  const args = ['build', '--release', '--locked', '--manifest-path', manifest, '--target-dir', targetFolder]
  const { ms } = await ran('cargo', args)
  note(`cargo build --release: ${seconds(ms)}`)
  return join(targetFolder, 'release/fhe-evaluator')
}
