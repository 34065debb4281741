import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findLibrary } from '../../src/profiles/profiles.ts'
import { tpm2 } from '../../src/profiles/tpm2.ts'
import {
  makeFolder,
  privateFolder,
  type RealToken,
  removeFolder,
  requireFiles,
  runTool,
  startDaemon,
  untilReady,
} from './real-token.ts'

const packages = 'swtpm tpm2-tools tpm2-abrmd libtss2-tcti-tabrmd0 libtpm2-pkcs11-1 dbus-daemon'

const busConfiguration = (folder: string) => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=${folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

const free = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** The client looks for the control channel at the port after the data channel's. */
async function freePair(): Promise<number> {
  for (let i = 0; i < 50; i++) {
    const port = randomInt(20_000, 60_000)
    if ((await free(port)) && (await free(port + 1))) return port
  }
  throw new Error('no two neighbouring ports are free')
}

const ownsName = (address: string): boolean =>
  runTool(
    'dbus-send',
    [
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/',
      'org.freedesktop.DBus.NameHasOwner',
      'string:com.intel.tss2.Tabrmd',
    ],
    { DBUS_SESSION_BUS_ADDRESS: address },
  ).includes('boolean true')

/**
 * A software TPM 2.0 with the resource manager in front, on a bus of its own. Without the resource manager the TPM runs out
 * of contexts after three keys.
 */
export async function startSwtpm(): Promise<RealToken> {
  const library = findLibrary(tpm2) ?? 'libtpm2_pkcs11.so.1'
  requireFiles([library, '/usr/bin/swtpm', '/usr/sbin/tpm2-abrmd', '/usr/bin/dbus-daemon'], packages)
  const folder = privateFolder('swtpm')
  const state = makeFolder(join(folder, 'state'))
  const store = makeFolder(join(folder, 'store'))
  const port = await freePair()
  const configuration = join(folder, 'bus.conf')
  writeFileSync(configuration, busConfiguration(folder))
  const tpm = startDaemon('swtpm', [
    'socket',
    '--tpm2',
    '--tpmstate',
    `dir=${state}`,
    '--ctrl',
    `type=tcp,bindaddr=127.0.0.1,port=${port + 1}`,
    '--server',
    `type=tcp,bindaddr=127.0.0.1,port=${port}`,
    '--flags',
    'not-need-init,startup-clear',
  ])
  const daemons = [tpm]
  const stop = () => {
    for (const daemon of daemons.reverse()) daemon.stop()
    removeFolder(folder)
  }
  try {
    const bus = startDaemon('dbus-daemon', [`--config-file=${configuration}`, '--nofork', '--print-address'])
    daemons.push(bus)
    await untilReady(bus, () => bus.output.includes('\n'))
    const address = /^unix:\S+/m.exec(bus.output)?.[0] ?? ''
    const manager = startDaemon(
      'tpm2-abrmd',
      [
        '--session',
        ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
        '--max-transients=100',
        `--tcti=swtpm:host=127.0.0.1,port=${port}`,
      ],
      { DBUS_SESSION_BUS_ADDRESS: address },
    )
    daemons.push(manager)
    await untilReady(manager, () => ownsName(address))
    const environment = {
      DBUS_SESSION_BUS_ADDRESS: address,
      TPM2_PKCS11_TCTI: 'tabrmd:bus_type=session',
      TPM2_PKCS11_STORE: store,
      TPM2TOOLS_TCTI: 'tabrmd:bus_type=session',
    }
    return { library, environment, inside: [], folder, stop }
  } catch (error) {
    stop()
    throw error
  }
}
