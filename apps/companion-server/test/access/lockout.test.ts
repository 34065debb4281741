import { expect, test } from 'vitest'
import { deviceOf, makeDevice } from '../../src/access/device.ts'
import { networkOf } from '../../src/access/lockout.ts'

test('LOGIN-REFUSED an IPv6 address stands for its /64, and an IPv4 address for itself', () => {
  const same = ['2001:db8:0:7::1', '2001:db8::7:ffff:1:2:3', '2001:0DB8:0:0007:1::', '2001:db8:0:7:a:b:c:d']
  expect(new Set(same.map(networkOf))).toEqual(new Set(['2001:db8:0:7::/64']))
  expect(networkOf('2001:db8:0:8::1')).toBe('2001:db8:0:8::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
  expect(['192.0.2.1', '::ffff:192.0.2.1'].map(networkOf)).toEqual(['192.0.2.1', '192.0.2.1'])
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0::/64')
  expect(['direct', ''].map(networkOf)).toEqual(['direct', ''])
})

test('LOGIN-REFUSED a device is one person’s, one server’s, and lives half a year', () => {
  const [key, now] = [new Uint8Array(32).fill(1), new Date('2026-12-01T00:00:00Z')]
  const device = makeDevice(key, 'ada', now)
  const known = deviceOf(key, 'ada', device, now)
  expect(known).toMatch(/^[0-9a-f]{32}$/)
  expect(deviceOf(key, 'ada', makeDevice(key, 'ada', now), now)).not.toBe(known)
  expect(deviceOf(key, 'grace', device, now)).toBeNull()
  expect(deviceOf(new Uint8Array(32), 'ada', device, now)).toBeNull()
  const other = device[20] === 'A' ? 'B' : 'A'
  expect(deviceOf(key, 'ada', `${device.slice(0, 20)}${other}${device.slice(21)}`, now)).toBeNull()
  expect(deviceOf(key, 'ada', '', now)).toBeNull()
  expect(deviceOf(key, 'ada', device, new Date('2027-06-01T00:00:00Z'))).toBeNull()
})
