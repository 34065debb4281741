import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a process's network namespace has counted since it was made. Every field is 0 where nothing was ever tried. */
export type NetworkCounts = {
  /** IPv4 and IPv6 sends and connects that found no route: what a request does where there is only a loopback. */
  noRoute: number
  /** TCP connections that were tried, and datagrams that were sent. */
  opened: number
  datagrams: number
  /** Packets that went out by any interface. */
  packets: number
}

export const nothingSent: NetworkCounts = { noRoute: 0, opened: 0, datagrams: 0, packets: 0 }

const netOnly = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-current-user', '--net']

/** `[program, arguments]` that run a command in a new network namespace, which has nothing but a loopback. */
export function withoutNetwork([program, args]: [string, string[]]): [string, string[]] {
  return ['unshare', [...netOnly, '--', program, ...args]]
}

/** What takes a packet and gives no answer: one end of a pair of interfaces with the default route, the other end open. */
const wayOut = `
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
ip link add out type veth peer name beyond && ip link set beyond up && ip addr add 10.9.9.2/24 dev out &&
ip link set out up && ip link set lo up && ip route add default via 10.9.9.1 && exec "$0" "$@"`

/** The same with an interface that is up and a route out, so that Chromium takes itself for online. Needs root and iproute2. */
export function withWayOut([program, args]: [string, string[]]): [string, string[]] {
  return ['unshare', ['--net', '--', 'sh', '-c', wayOut, program, ...args]]
}

/** Throws, with the reason, where this machine lets nobody make a network namespace. */
export function checkNamespaces(): void {
  const { status, stderr } = spawnSync('unshare', [...netOnly, '--', 'true'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`no network namespace can be made here: ${stderr.trim()}`)
}

/** Interfaces and counters of the namespace that `pid` is in: /proc/PID/net of proc(5). */
export function countsOf(pid: number): NetworkCounts & { interfaces: string[] } {
  const text = (name: string): string => readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
  const devices = text('dev')
    .split('\n')
    .flatMap((line) => {
      const [, name, rest] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? []
      // Eight columns of what came in, then what went out: bytes, packets, …
      return name === undefined ? [] : [{ name, sent: Number(rest?.split(/\s+/)[9]) }]
    })
  const six = new Map(
    text('snmp6')
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map(([name = '', value]) => [name, Number(value)]),
  )
  const four = snmp(text('snmp'))
  return {
    noRoute: four('Ip', 'OutNoRoutes') + (six.get('Ip6OutNoRoutes') ?? 0),
    opened: four('Tcp', 'ActiveOpens'),
    datagrams: four('Udp', 'OutDatagrams') + (six.get('Udp6OutDatagrams') ?? 0),
    packets: devices.reduce((sum, { sent }) => sum + sent, 0),
    interfaces: devices.map(({ name }) => name),
  }
}

/** /proc/net/snmp has two lines for each protocol: names, then values. Throws for a counter that is not there. */
function snmp(text: string): (protocol: string, name: string) => number {
  const lines = text.split('\n').map((line) => line.split(/:?\s+/))
  return (protocol, name) => {
    const [names, values] = lines.filter(([first]) => first === protocol)
    const value = values?.[names?.indexOf(name) ?? -1]
    if (value === undefined) throw new Error(`/proc/net/snmp has no ${protocol} ${name}`)
    return Number(value)
  }
}
