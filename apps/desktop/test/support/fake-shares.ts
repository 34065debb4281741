import type { ShareView } from '../../src/contract/index.ts'
import { run } from './fake-views.ts'

const proved: ShareView = {
  ceremony: 'c1',
  title: run.title,
  domain: 'rehearsal',
  key: 'payroll',
  epoch: 0,
  index: 1,
  name: 'Salma Idris',
  state: 'proved',
  sent: { at: '2026-11-24T16:02:00.000Z', by: 'codes' },
  received: { at: '2026-11-24T16:04:00.000Z' },
}

/** One of each state; those of c6 are shown where its holders prove them. */
export const shares: ShareView[] = [
  proved,
  { ...proved, ceremony: 'c6', name: 'Hana Sato', state: 'sent', received: null },
  { ...proved, ceremony: 'c6', index: 2, name: 'Ivan Petrov', state: 'received' },
  { ...proved, ceremony: 'c2', index: 2, name: 'Lena Brandt', state: 'dealt', sent: null, received: null },
  { ...proved, ceremony: 'c2', index: 3, name: 'Mei Tanaka', state: 'enrolled', sent: null, received: null },
]
