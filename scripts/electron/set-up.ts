import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { mirrorOf } from '../bootstrap/places.cjs'
import { root } from '../root.ts'

/** Who Electron and PostgreSQL run as; `change` is true when that is not the user of this process. */
export type User = { uid: number; gid: number; name: string; change: boolean }

/** `open` is the checkout, or its mirror where `user` cannot reach the checkout; both have the same layout. */
export type SetUp = { open: string; user: User }

export type Runtime = {
  /** `registry` is an old runtime for development and tests only. */
  kind: 'vendor' | 'registry'
  version: string
  electron: string
  /** A program that runs `electron` as the unprivileged user. */
  command: string
}

function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new Error('this checkout is not set up: run `npm run setup`')
  }
}

/** What scripts/bootstrap.cjs left behind. Throws when it never ran here: a copied checkout has the other one's record. */
export function readSetUp(checkout: string = root): SetUp {
  // Written by scripts/bootstrap/stamp.cjs in this shape.
  const found = read(join(checkout, '.lux/set-up.json')) as SetUp
  if (found.open !== mirrorOf(checkout) && resolve(found.open) !== resolve(checkout)) {
    throw new Error(
      `this checkout was copied from one that was set up for ${found.open}: run \`npm run setup\``,
    )
  }
  return found
}

export function readRuntime({ open }: SetUp = readSetUp()): Runtime {
  // Written by scripts/bootstrap/electron.cjs in this shape.
  return read(join(open, '.lux/electron/runtime.json')) as Runtime
}
