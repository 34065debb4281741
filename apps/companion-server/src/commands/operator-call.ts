import { randomUUID } from 'node:crypto'
import { cameBy } from '../access/authorize.ts'
import type { Call } from '../audit/record.ts'

const everywhere = { organisation: null, project: null } as const

/** A call of whoever runs a command: with the state folder he governs everything that is in it, and uses no key. */
export const operatorCall = (): Call => ({
  caller: {
    identity: 'operator of this machine',
    by: cameBy('state-folder'),
    grants: [
      { role: 'server-admin', ...everywhere },
      { role: 'organisation-admin', ...everywhere },
      { role: 'auditor', ...everywhere },
    ],
  },
  door: 'direct',
  reqId: randomUUID(),
  receipt: null,
})
