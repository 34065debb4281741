import type { Caller } from '../access/authorize.ts'
import type { Call } from '../audit/record.ts'
import type { Outcome } from '../refusal.ts'

/**
 * The first of the one order, before any operation: one call more of a caller whom its door has authenticated. `room` refuses RATE-LIMITED;
 * the call is there for the audit all the same.
 */
export function admit(
  caller: Caller,
  { door, reqId }: Pick<Call, 'door' | 'reqId'>,
  { roomFor }: { roomFor(identity: string): Outcome<null> },
): { readonly call: Call; readonly room: Outcome<null> } {
  const room = roomFor(caller.identity)
  return { call: { caller: { ...caller, granted: [] }, door, reqId, receipt: null }, room }
}
