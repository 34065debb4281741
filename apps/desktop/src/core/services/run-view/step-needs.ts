import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { awaitedCheckpoint, type Needs } from '@lux/ceremony'
import type { TokenInfo } from '@lux/hsm'
import { wordsOf } from '@lux/people'
import type * as contract from '../../../contract/index.ts'
import { bundleFile } from '../../runs/effects/sealing/bundle.ts'
import { awaited, type OfShares } from '../../runs/exchange/awaited.ts'
import type { SignedKind } from '../../runs/exchange/bytes-to-sign.ts'
import { roleOf } from '../../runs/exchange/bytes-to-sign.ts'
import { nextPolicyFile } from '../../runs/folder/next-policy.ts'
import { approvedFile, packageFile, redealFolder } from '../../runs/folder/places.ts'
import { exceptionFile } from '../../runs/folder/project.ts'
import type { Run } from '../../runs/run/run.ts'
import { holderCommands } from './holder-commands.ts'
import { pinNeed } from './pin-need.ts'

/** What only core knows of the room: whose places stand-ins hold, which tokens are here, and what people carry away. */
export type Around = {
  standIns: ReadonlySet<string>
  tokens: readonly TokenInfo[]
  /** Files that ask people who are not simulated for what the run waits for. */
  requests: readonly string[]
  /** Milliseconds that a person has at a token's own pad. */
  padMs: number
}

/** What the engine waits for, as fields, PINs, signatures and files of the window. */
export function needsOf(run: Run, needs: Needs, around: Around): contract.Need[] {
  switch (needs.kind) {
    case 'confirm':
      // The engine writes where it is told: which folder is the medium is asked by core, not by the plan.
      return needs.willDo === 'write-medium' ? [mediumNeed(run)] : []
    case 'values':
      return [{ need: 'values', fields: needs.values.map(fieldOf) }]
    case 'pin': {
      const pins = needs.pins.map((need) => pinNeed(run, need, around))
      const values: contract.Need[] =
        needs.values.length === 0 ? [] : [{ need: 'values', fields: needs.values.map(fieldOf) }]
      return [...pins, ...values]
    }
    case 'signatures': {
      const digest = needs.subject
      return [
        {
          need: 'sign',
          what: needs.what,
          file: around.requests[0] ?? join(run.folder.path, fileOf(run, needs.what, needs.subject)),
          digest,
          words: wordsOf(digest),
          required: needs.threshold,
          signers: [...needs.present, ...needs.missing].map((name) => ({
            name,
            role: roleOf(needs.what),
            signed: needs.present.includes(name),
            standIn: around.standIns.has(name),
          })),
          ownDevices:
            run.folder.state.domain === 'production'
              ? []
              : needs.missing.filter((name) => !around.standIns.has(name)),
        },
      ]
    }
    case 'acknowledgements': {
      const holders = [...needs.present, ...needs.missing]
      if (around.standIns.size === 0) {
        return [
          {
            need: 'file',
            what: 'acknowledgement',
            from: needs.missing,
            file: join(run.folder.path, 'envelopes'),
            commands: holderCommands(run.folder, needs, around.requests),
          },
        ]
      }
      return [
        {
          need: 'sign',
          what: 'acknowledgement',
          file: needs.next ? redealFolder(run.folder) : join(run.folder.path, 'envelopes'),
          digest: needs.subject,
          words: wordsOf(needs.subject),
          required: holders.length,
          signers: holders.map((name) => ({
            name,
            role: 'holder',
            signed: needs.present.includes(name),
            standIn: around.standIns.has(name),
          })),
          ownDevices: needs.missing.filter((name) => !around.standIns.has(name)),
        },
      ]
    }
    case 'receipt':
      return [
        {
          need: 'file',
          what: 'receipt',
          from: needs.missing,
          file: join(run.folder.path, bundleFile),
          commands: null,
        },
      ]
    case 'exception':
    case 'resume':
    case 'wait':
    case 'start':
      return []
    default:
      return [needOfShares(run, needs, around)]
  }
}

/** In production somebody chooses where the bundle goes: a rehearsal's may stay on this machine. */
function mediumNeed({ folder }: Run): contract.Need {
  const mayStay = folder.state.domain === 'rehearsal' ? { optional: true } : {}
  return { need: 'values', fields: [{ name: 'medium', type: 'folder', label: 'medium', ...mayStay }] }
}

function fieldOf({ id, label, format }: { id: string; label: string; format?: string }): contract.Field {
  return { name: id, type: format === 'digits' ? 'integer' : format === 'time' ? 'time' : 'text', label }
}

function fileOf(run: Run, what: SignedKind, digest: string): string {
  if (what === 'exception') return exceptionFile(digest)
  if (what === 'decryption-approval') {
    const asked = run.folder.state.decryptions.find((one) => one.digest === digest)
    return packageFile(asked?.package ?? '')
  }
  if (what === 'policy') return nextPolicyFile
  if (what === 'opening') return 'opening.json'
  if (what === 'bundle') return 'bundle-payload.json'
  return `checkpoints/${awaitedCheckpoint(run.folder.state)?.size ?? 0}.json`
}

/** What a decryption, a next epoch or a backup waits for: a button for each stand-in in a rehearsal, files in production. */
function needOfShares(
  run: Run,
  needs: OfShares,
  { standIns, requests }: Pick<Around, 'standIns' | 'requests'>,
): contract.Need {
  const what = awaited[needs.kind].document
  const asked = run.folder.state.decryptions.find(
    ({ id }) => 'decryption' in needs && id === needs.decryption,
  )
  const file = asked?.package ? join(run.folder.path, packageFile(asked.package)) : run.folder.path
  const holders = 'missing' in needs ? [...needs.present, ...needs.missing] : []
  if (standIns.size === 0) {
    // With the approvals that the run took: holders and the requester work on no other copy.
    const approved = 'decryption' in needs ? approvedFile(run.folder, needs.decryption) : null
    const own = approved !== null && existsSync(approved) ? approved : (requests[0] ?? null)
    return {
      need: 'file',
      what,
      from: holders,
      file: own,
      commands: holderCommands(run.folder, needs, requests),
    }
  }
  const digest = 'subject' in needs ? needs.subject : run.folder.state.planHash
  const signers =
    holders.length === 0
      ? [{ name: 'Rehearsal requester', role: 'requester', signed: false, standIn: true }]
      : holders.map((name) => ({
          name,
          role: awaited[needs.kind].from === 'custodians' ? 'custodian' : 'holder',
          signed: 'present' in needs && needs.present.includes(name),
          standIn: standIns.has(name),
        }))
  const ownDevices = signers.filter(({ signed, standIn }) => !signed && !standIn).map(({ name }) => name)
  const required = requiredOf(needs)
  return { need: 'sign', what, file, digest, words: wordsOf(digest), required, signers, ownDevices }
}

function requiredOf(needs: OfShares): number {
  if (!('missing' in needs)) return 1
  return needs.present.length + ('stillNeeded' in needs ? needs.stillNeeded : needs.missing.length)
}
