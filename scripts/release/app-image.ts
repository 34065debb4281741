import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Epoch } from './files.ts'

/** What every type 2 runtime of AppImage for this machine bears: an ELF of 64 bits, `AI` and 2 in its padding, for x86-64. */
const marks: readonly (readonly [number, Buffer])[] = [
  [0, Buffer.from('\x7fELF\x02', 'latin1')],
  [8, Buffer.from('AI\x02', 'latin1')],
  [18, Buffer.from([0x3e, 0])],
]

/** Why `bytes` cannot begin an AppImage, or null. */
export function runtimeRefusal(bytes: Buffer): string | null {
  const whole = marks.every(([at, mark]) => bytes.subarray(at, at + mark.length).equals(mark))
  return whole ? null : 'is no type 2 runtime of AppImage for x86-64: docs/release.md says where one is had'
}

const desktopEntry = `[Desktop Entry]
Type=Application
Name=Lux Custody
Comment=Air-gapped key ceremony workstation
Exec=lux-custody %U
Icon=lux-custody
Terminal=false
Categories=Utility;Security;
`

/** The runtime says in ARGV0 by which name it was called. */
const appRun = `#!/bin/sh
# Called as custody: the command. As anything else: the window.
set -eu
here=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
called=\${ARGV0:-}
program=lux-custody
[ "\${called##*/}" != custody ] || program=custody
exec "$here/opt/lux-custody/$program" "$@"
`

function mksquashfs(args: readonly string[]): void {
  // mksquashfs refuses times by name where the environment names one too.
  const { SOURCE_DATE_EPOCH: _time, ...rest } = process.env
  const { status, stderr, error } = spawnSync('mksquashfs', args, {
    env: { ...rest, LC_ALL: 'C' },
    encoding: 'utf8',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`mksquashfs: exit ${status}: ${stderr}`)
}

type AppImage = {
  readonly folder: string
  readonly runtime: Buffer
  readonly icon: string
  /** A folder of this call alone. */
  readonly scratch: string
  readonly epoch: Epoch
  readonly level: number
}

/** An AppImage: the runtime, and behind it a squashfs of the packaged folder, which belongs to root and bears one time. */
export function makeAppImage(file: string, { folder, runtime, icon, scratch, epoch, level }: AppImage): void {
  const at = (path: string): string => join(scratch, path)
  chmodSync(scratch, 0o755)
  mkdirSync(at('opt'), { mode: 0o755 })
  cpSync(folder, at('opt/lux-custody'), { recursive: true, verbatimSymlinks: true })
  writeFileSync(at('AppRun'), appRun, { mode: 0o755 })
  writeFileSync(at('lux-custody.desktop'), desktopEntry)
  for (const name of ['lux-custody.svg', '.DirIcon']) cpSync(icon, at(name))
  const squashed = `${scratch}.squashfs`
  mksquashfs([
    ...[scratch, squashed, '-noappend', '-no-progress', '-quiet', '-no-xattrs', '-all-root'],
    ...['-mkfs-time', `${epoch}`, '-all-time', `${epoch}`],
    ...['-comp', 'zstd', '-Xcompression-level', `${level}`],
  ])
  writeFileSync(file, runtime)
  appendFileSync(file, readFileSync(squashed))
  chmodSync(file, 0o755)
  rmSync(squashed)
  rmSync(scratch, { recursive: true, force: true })
}
