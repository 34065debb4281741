import { expect, test } from 'vitest'
import { conditionsOf } from '../src/screens/conditions.tsx'

const of = (texts: Readonly<Record<string, string>>, approvers: readonly string[] = []) =>
  conditionsOf({
    text: (name) => texts[name] ?? '',
    all: (name) => (name === 'approver' ? approvers : []),
    file: () => null,
  })

test('CONSOLE-CONDITIONS half of a condition is sent as it is, for the server to refuse, and never left out', () => {
  expect(of({})).toBe(null)
  expect(of({ networks: '10.0.0.0/8, 192.0.2.1', 'hours-from': '7', 'hours-until': '19' })).toEqual({
    networks: ['10.0.0.0/8', '192.0.2.1'],
    hours: { from: 7, until: 19 },
  })
  expect(of({ 'hours-from': '7' })).toEqual({ hours: { from: 7 } })
  expect(of({}, ['ada'])).toEqual({ approvals: { by: ['ada'] } })
  expect(of({ approvals: '2' })).toEqual({ approvals: { count: 2, by: [] } })
})

test('CONSOLE-CONDITIONS the last day of a role is the day that was chosen', () => {
  expect(of({ 'not-after': '2027-01-01' })).toEqual({ notAfter: '2027-01-01T23:59:59.999Z' })
})
