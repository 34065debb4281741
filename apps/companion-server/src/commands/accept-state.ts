import { equalBytes } from '@lux/crypto'
import { tellAccepted } from '../alerts/authority.ts'
import { acceptAudit, auditFaults } from '../audit/accept.ts'
import type { AuditFault } from '../audit/coverage.ts'
import { sentencesOf } from '../platform/database/authority/says.ts'
import { readPin } from '../platform/hsm/pin-file.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import { openServerParts, type ServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'

/** What the database says otherwise than the server left it. */
export type OtherState = {
  /** By organisation; empty of the deployment. */
  readonly stopped: readonly { readonly tenant: string; readonly why: string }[]
  /** Each by its name, and what it gives to whom. */
  readonly forged: readonly string[]
  /** What stands against the audit log. */
  readonly faults: readonly AuditFault[]
}

/**
 * Shows what of authority and audit log in the database is not as this server left it, and takes it as it is where the token's officer gives its PIN
 * anew. `pin` is asked once there is something to accept; null only shows. Refuses ACCEPT-PIN. Throws
 * AUTHORITY-OTHER where it is not what was shown any more.
 */
export async function acceptState(
  state: StateFolder,
  shown: (other: OtherState) => void,
  pin: (() => Promise<Uint8Array>) | null,
): Promise<Outcome<OtherState & { readonly accepted: boolean }>> {
  const parts = await openServerParts(state, { accepting: true })
  try {
    const seen = await parts.database.authority.look()
    if (seen === null) {
      const { code, detail } = parts.token.sealed ?? {
        code: 'TOKEN-PIN',
        detail: 'the token is not logged in',
      }
      throw new EnvironmentError(code, detail)
    }
    const stopped = [...seen.stopped].map(([tenant, why]) => ({ tenant, why }))
    const forged = await sentencesOf(parts.database, seen.rows)
    const faults = await auditFaults(parts.checkpointing)
    // What only waits for its checkpoint waits for a server.
    const other = { stopped, forged, faults: faults.filter(({ code }) => code !== 'AUDIT-STOPPED') }
    shown(other)
    const isWhole = stopped.length + seen.forged.length === 0
    if (pin === null || (isWhole && other.faults.length === 0)) return accept({ ...other, accepted: false })
    return await parts.record(operatorCall(), 'authority.accept-state', async () => {
      if (!(await isOfficer(parts, await pin()))) return refuse('ACCEPT-PIN', 'nothing was accepted')
      if (!isWhole) {
        await parts.acceptAuthority(seen)
        // It is accepted by now, whether or not those who listen can be told.
        await tellAccepted(parts.database, new Date(), seen).catch((error: unknown) => {
          process.stderr.write(`webhooks were not told: ${String(error)}\n`)
        })
      }
      if (other.faults.length > 0) await acceptAudit(parts.checkpointing)
      return accept({ ...other, accepted: true })
    })
  } finally {
    await parts.close()
  }
}

/** The server has logged in by the PIN of its file. At a token's own pad it was just typed; where no token is, whoever has the root is asked for the deployment's id. */
async function isOfficer({ settings, token }: ServerParts, typed: Uint8Array): Promise<boolean> {
  if (token.root === 'environment' || token.root === 'provider')
    return equalBytes(typed, Buffer.from(settings.deployment))
  if (settings.pinFile === null) return true
  const pin = await readPin(settings.pinFile)
  try {
    return equalBytes(typed, pin)
  } finally {
    pin.fill(0)
    typed.fill(0)
  }
}

const maxPin = 256

/** One line: without echo where it is a terminal, else what was piped in. */
export async function typedPin(): Promise<Uint8Array> {
  const { stdin, stderr } = process
  if (stdin.isTTY) {
    stdin.setRawMode(true)
    stderr.write('the token’s user PIN: ')
  }
  const typed: number[] = []
  try {
    for await (const chunk of stdin)
      for (const byte of Buffer.from(chunk)) {
        // Control-C and control-D.
        if (byte === 3 || byte === 4) return new Uint8Array()
        if (byte === 10 || byte === 13 || typed.length >= maxPin) return Uint8Array.from(typed)
        if (byte === 8 || byte === 127) typed.pop()
        else typed.push(byte)
      }
    return Uint8Array.from(typed)
  } finally {
    typed.fill(0)
    if (stdin.isTTY) {
      stdin.setRawMode(false)
      stderr.write('\n')
    }
    stdin.pause()
  }
}
