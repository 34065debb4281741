import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findLibrary } from '../../src/profiles/profiles.ts'
import { opencryptoki } from '../../src/profiles/programs.ts'
import {
  makeFolder,
  privateFolder,
  type RealToken,
  requireFiles,
  startWatched,
  untilReady,
  writeScript,
} from './real-token.ts'

const tokenFolders = ['swtok', 'lite', 'ccatok', 'ep11tok', 'icsf', 'tpm']

const root = process.getuid?.() === 0

const ownNamespaces = ['unshare', ...(root ? [] : ['--user', '--map-root-user']), '--mount', '--ipc']

/** In a user namespace there is one user and one group: the daemon's group is root's, and it has no user to become. */
const onlyRoot = `
cp /etc/group /etc/passwd /run/
sed -i '/^pkcs11:/d' /run/group
echo 'pkcs11:x:0:root' >> /run/group
sed -i '/^pkcsslotd:/d' /run/passwd
mount --bind /run/group /etc/group
mount --bind /run/passwd /etc/passwd
`

/** The folders that the daemon expects below the three fixed places; both 3.8 and 3.23 are content. */
const makeTokenFolders = `
for name in ${tokenFolders.join(' ')}; do
  mkdir -p /var/lib/opencryptoki/$name/TOK_OBJ /var/lib/opencryptoki/$name/HSM_MK_CHANGE /run/lock/opencryptoki/$name
done
mkdir -p /var/log/opencryptoki /run/opencryptoki
chgrp -R pkcs11 /var/lib/opencryptoki /run/lock/opencryptoki /var/log/opencryptoki
chmod -R u=rwX,g=rwX,o= /var/lib/opencryptoki /run/lock/opencryptoki /var/log/opencryptoki
if id pkcsslotd >/dev/null 2>&1; then chown pkcsslotd:pkcs11 /run/opencryptoki; chmod 710 /run/opencryptoki; fi
`

/**
 * 3.23 goes into the background whatever it is told, so this script stays in its place until it is told to end or the test's
 * process is gone, and takes the daemon and the folder with it. `ready` appears once the daemon's process number is known.
 */
const runDaemon = (folder: string) => `
ending=
trap 'ending=yes' TERM
pkcsslotd -f &
pid=
for try in $(seq 100); do
  pid=$(cat /run/pkcsslotd.pid /run/opencryptoki/pkcsslotd.pid 2>/dev/null || true)
  if [ -n "$pid" ]; then break; fi
  sleep 0.1 || true
done
if [ -n "$pid" ]; then touch ${folder}/ready; else ending=yes; fi
while [ -z "$ending" ] && kill -0 ${process.pid} 2>/dev/null; do
  sleep 1 &
  wait $! || true
done
kill \${pid:-$!} 2>/dev/null || true
rm -rf ${folder}
`

/**
 * openCryptoki keeps its tokens, locks and socket at fixed places of the machine and its state in System V and POSIX shared memory.
 * Here each start gets its own of all of these, in a mount and an IPC namespace: nothing of the machine's own openCryptoki
 * is touched, and two runs at once do not meet. Without root the same happens in a user namespace, where this user is root
 * and the group pkcs11 is that root's group.
 */
const startApart = (folder: string) => `
mount --make-rprivate /
chmod 755 ${folder}/run ${folder}/log
mount --bind ${folder}/run /run
mkdir -p /run/lock/opencryptoki
mount --bind ${folder}/lib /var/lib/opencryptoki
mount --bind ${folder}/log /var/log
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
${root ? '' : onlyRoot}
${makeTokenFolders}
${runDaemon(folder)}
`

const empty =
  'rm -rf /var/lib/opencryptoki/* /run/pkcsslotd.* /run/opencryptoki/* /run/lock/opencryptoki/* /dev/shm/var.lib.opencryptoki*'

const ownerMark = '/var/lib/opencryptoki/made-by-lux-tests'

/**
 * Where no namespace can be made (a container without CAP_SYS_ADMIN, a chroot) and nobody uses openCryptoki on this machine,
 * root takes the machine's own places, one run at a time, and leaves them empty.
 */
const startInPlace = (folder: string) => `
if [ -e /var/lib/opencryptoki/swtok/NVTOK.DAT ] && [ ! -e ${ownerMark} ]; then
  echo 'this machine has an openCryptoki token of its own, and no namespace can be made to keep it safe' >&2
  exit 1
fi
${empty}
${makeTokenFolders}
touch ${ownerMark}
${runDaemon(folder)}
${empty}
`

export async function startOpenCryptoki(): Promise<RealToken> {
  const library = findLibrary(opencryptoki) ?? 'libopencryptoki.so.0'
  requireFiles([library, '/usr/sbin/pkcsslotd'], 'opencryptoki')
  const apart = spawnSync('unshare', [...ownNamespaces.slice(1), 'true']).status === 0
  if (!apart && !root)
    throw new Error(
      'openCryptoki is tested in namespaces of its own, which this user may not make. Allow them, then try again:\n  sudo sysctl -w kernel.unprivileged_userns_clone=1',
    )
  const folder = privateFolder('opencryptoki')
  for (const name of ['lib', 'log', 'run']) makeFolder(join(folder, name))
  const script = writeScript(join(folder, 'start'), apart ? startApart(folder) : startInPlace(folder))
  const daemon = apart
    ? startWatched('unshare', [...ownNamespaces.slice(1), script])
    : startWatched('flock', ['--no-fork', '--wait', '120', '/run/lock/lux-opencryptoki', script])
  const stop = () => daemon.stop('SIGTERM')
  try {
    await untilReady(daemon, () => existsSync(join(folder, 'ready')))
  } catch (error) {
    stop()
    throw error
  }
  if (!apart) return { library, environment: {}, inside: [], folder, stop }
  const inside = [
    'nsenter',
    '--target',
    String(daemon.pid),
    ...(root ? [] : ['--user', '--preserve-credentials']),
    '--mount',
    '--ipc',
    // In a chroot the namespace's own root would be the machine's.
    '--root',
    '--wd=.',
    '--',
  ]
  const execPath = writeScript(join(folder, 'node'), `exec ${inside.join(' ')} ${process.execPath} "$@"\n`)
  return { library, environment: {}, execPath, inside, folder, stop }
}
