import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../root.ts'
import { note, ran, seconds } from './run.ts'

/** Builds examples/kryoptic-token from its lock file: a PKCS#11 3.2 token in Rust. Gives the library. It needs libclang-dev and libssl-dev. */
export async function buildKryoptic(): Promise<string> {
  const target = join(tmpdir(), 'lux-kryoptic-target')
  const manifest = join(root, 'examples/kryoptic-token/Cargo.toml')
  const { ms } = await ran('cargo', [
    ...['build', '--release', '--locked', '--manifest-path', manifest, '--target-dir', target],
  ])
  note(`cargo build --release: ${seconds(ms)}`)
  return join(target, 'release/libkryoptic_token.so')
}
