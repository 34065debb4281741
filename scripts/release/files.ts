import { spawnSync } from 'node:child_process'
import {
  cpSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Seconds since 1970 that every file of a release bears: that of its commit, so that two builds of it are alike. */
export type Epoch = number

function run(program: string, args: readonly string[], epoch: Epoch): void {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch), LC_ALL: 'C' }
  const { status, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${program}: exit ${status}: ${stderr}`)
}

/** `folder` as NAME/… in a tar.gz, by GNU tar: sorted, of user 0, at the time of the commit. */
export function makeTar(folder: string, name: string, file: string, epoch: Epoch, level = 6): void {
  run(
    'tar',
    [
      ...['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'],
      ...[
        `--use-compress-program=gzip -n -${level}`,
        `--transform=s,^\\.,${name},S`,
        '-cf',
        file,
        '-C',
        folder,
        '.',
      ],
    ],
    epoch,
  )
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

const desktopEntry = `[Desktop Entry]
Type=Application
Name=Lux Custody
Comment=Air-gapped key ceremony workstation
Exec=/opt/lux-custody/lux-custody %U
Terminal=false
Categories=Utility;Security;
`

/** What Electron links to, by the names of Debian 12 and 13. */
const depends = [
  'libasound2 | libasound2t64',
  'libatk-bridge2.0-0 | libatk-bridge2.0-0t64',
  'libc6 (>= 2.36)',
  'libgbm1',
  'libgtk-3-0 | libgtk-3-0t64',
  'libnss3',
  'libxss1',
]

/** A Debian package that runs no script of its own when it is installed or removed. `scratch` is a folder of this call alone. */
export function makeDeb(folder: string, version: string, file: string, scratch: string, epoch: Epoch): void {
  const at = (path: string): string => join(scratch, path)
  for (const path of ['DEBIAN', 'opt', 'usr/bin', 'usr/share/applications', 'usr/share/doc/lux-custody'])
    mkdirSync(at(path), { recursive: true, mode: 0o755 })
  cpSync(folder, at('opt/lux-custody'), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  symlinkSync('/opt/lux-custody/custody', at('usr/bin/custody'))
  symlinkSync('/opt/lux-custody/lux-custody', at('usr/bin/lux-custody'))
  writeFileSync(at('usr/share/applications/lux-custody.desktop'), desktopEntry)
  cpSync(join(folder, 'resources/LICENSE'), at('usr/share/doc/lux-custody/copyright'))
  const control = {
    Package: 'lux-custody',
    Version: version,
    Architecture: 'amd64',
    Maintainer: 'Lux Custody contributors <security@lux-custody.invalid>',
    'Installed-Size': String(Math.ceil(sizeOf(folder) / 1024)),
    Depends: depends.join(', '),
    Suggests: 'softhsm2',
    Section: 'utils',
    Priority: 'optional',
    Description:
      'Air-gapped key ceremony workstation\n Runs key ceremonies on PKCS#11 tokens, without a network.',
  }
  writeFileSync(
    at('DEBIAN/control'),
    Object.entries(control)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  )
  // dpkg-deb takes a time back that is later, and leaves one that is earlier.
  for (const path of ['.', ...readdirSync(scratch, { recursive: true, encoding: 'utf8' })])
    lutimesSync(at(path), epoch, epoch)
  run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', scratch, file], epoch)
  rmSync(scratch, { recursive: true, force: true })
}
