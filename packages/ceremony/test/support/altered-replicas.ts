import type { CheckId, Predicate } from '../../src/exports/bundle.ts'
import { type Altered, other, predicate } from './altered-parts.ts'

type Replica = NonNullable<Predicate['replicas']>[number]

const replica = (
  what: string,
  change: (replica: Replica) => Partial<Replica>,
  check: CheckId = 'REPLICAS',
): Altered => [
  check,
  what,
  {
    replica: true,
    alter: predicate((p) => ({ replicas: (p.replicas ?? []).map((r) => ({ ...r, ...change(r) })) })),
  },
]

/** The root in another token is not the plan's, or not the root. */
export const alteredReplicas: Altered[] = [
  replica('a replica that is another key', () => ({ digest: other })),
  replica('a replica proved by another mechanism', () => ({ mechanism: 'KW-RFC3394' })),
  replica('a replica in a token that the officers did not open with', () => ({ serial: 'c3d4e5f6' })),
  replica('a replica in the root’s own token', () => ({ token: 'ceremony', serial: 'a1b2c3d4' })),
  replica('a replica by another way than the plan’s', () => ({ way: 'vendor-wrap' })),
  replica('a replica that may leave its token', (r) => ({
    attributes: { ...r.attributes, EXTRACTABLE: true },
  })),
  replica('a replica with less evidence than the policy asks for', () => ({ evidence: 'E0' }), 'EVIDENCE'),
  replica('a replica with more evidence than a bundle can prove', () => ({ evidence: 'E2' }), 'EVIDENCE'),
  replica(
    'a replica of half the length',
    (r) => ({ attributes: { ...r.attributes, VALUE_LEN: 16 } }),
    'EVIDENCE',
  ),
  [
    'REPLICAS',
    'a planned replica that was not made',
    { replica: true, alter: { predicate: ({ replicas: _none, ...rest }) => rest } },
  ],
]
