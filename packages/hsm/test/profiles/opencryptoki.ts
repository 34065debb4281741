import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  libraryFolder,
  makeFolder,
  privateFolder,
  type RealToken,
  removeFolder,
  requireFiles,
  startDaemon,
  untilReady,
  writeScript,
} from './real-token.ts'

const library = join(libraryFolder, 'libopencryptoki.so.0')

const tokenFolders = ['swtok', 'lite', 'ccatok', 'ep11tok', 'icsf', 'tpm']

/**
 * openCryptoki keeps its tokens, locks and socket at fixed places of the machine and its slots in System V shared memory.
 * Here each start gets its own of all of these, in a mount and an IPC namespace: nothing of the machine's own openCryptoki
 * is touched, and two runs at once do not meet. Without root the same happens in a user namespace, where this user is root
 * and the group pkcs11 is that root's group.
 */
export async function startOpenCryptoki(): Promise<RealToken> {
  requireFiles([library, '/usr/sbin/pkcsslotd'], 'opencryptoki')
  const folder = privateFolder('opencryptoki')
  const at = (name: string) => join(folder, name)
  for (const name of ['lib', 'lock', 'log', 'run']) makeFolder(at(name))
  for (const name of tokenFolders) {
    makeFolder(at(`lib/${name}/TOK_OBJ`))
    makeFolder(at(`lib/${name}/HSM_MK_CHANGE`))
    makeFolder(at(`lock/${name}`))
  }
  const root = process.getuid?.() === 0
  writeScript(
    at('start'),
    `
mount --make-rprivate /
mount --bind ${at('run')} /run
mkdir -p /run/lock/opencryptoki /run/opencryptoki
mount --bind ${at('lock')} /run/lock/opencryptoki
mount --bind ${at('lib')} /var/lib/opencryptoki
mount --bind ${at('log')} /var/log
mkdir -p /var/log/opencryptoki
cp /etc/group /etc/passwd /run/
grep -q '^pkcs11:' /run/group && sed -i 's/^pkcs11:.*/pkcs11:x:0:root/' /run/group || echo 'pkcs11:x:0:root' >> /run/group
sed -i 's/^pkcsslotd:.*/pkcsslotd:x:0:0::\\/run:\\/bin\\/false/' /run/passwd
mount --bind /run/group /etc/group
mount --bind /run/passwd /etc/passwd
chmod -R u=rwX,g=rwX,o= /run/lock/opencryptoki /var/lib/opencryptoki /var/log/opencryptoki /run/opencryptoki
exec pkcsslotd -f
`,
  )
  const daemon = startDaemon('unshare', [
    ...(root ? [] : ['--user', '--map-root-user']),
    '--mount',
    '--ipc',
    at('start'),
  ])
  const stop = () => {
    daemon.stop()
    removeFolder(folder)
  }
  try {
    await untilReady(daemon, () =>
      ['run/pkcsslotd.socket', 'run/opencryptoki/pkcsslotd.socket'].some((name) => existsSync(at(name))),
    )
  } catch (error) {
    stop()
    throw error
  }
  const inside = [
    'nsenter',
    '--target',
    String(daemon.pid),
    ...(root ? [] : ['--user', '--preserve-credentials']),
    '--mount',
    '--ipc',
    '--wd=.',
    '--',
  ]
  const execPath = writeScript(at('node'), `exec ${inside.join(' ')} ${process.execPath} "$@"\n`)
  return { library, environment: {}, execPath, inside, folder, stop }
}
