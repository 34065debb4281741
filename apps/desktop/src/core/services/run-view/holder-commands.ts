import { basename, relative } from 'node:path'
import type { Needs } from '@lux/ceremony'
import type * as contract from '../../../contract/index.ts'
import { isAtHolders } from '../../runs/exchange/awaited.ts'
import { deviceLines } from '../../runs/exchange/device-lines.ts'
import { decryptionFolder } from '../../runs/folder/places.ts'
import type { RunFolder } from '../../runs/folder/run-folder.ts'

/** As the guides have them. */
const names = {
  request: '',
  envelope: '',
  share: 'share.sealed',
  key: 'key-file',
  policy: 'policy.json',
  ciphertext: 'ciphertext-file',
  sheet: 'sheet.html',
  answer: 'answer.json',
}

/**
 * What each holder who is awaited types on a device of their own, as the guides have it; null where no holder acts. `requests`: the
 * files in out/. What the next epoch takes is read from a copy of the run's folder, everything else from the medium.
 */
export function holderCommands(
  folder: RunFolder,
  needs: Needs,
  requests: readonly string[],
): contract.DeviceCommands | null {
  if (!isAtHolders(needs)) return null
  const { missing } = needs
  const request = `run/out/${basename(requests[0] ?? '')}`
  switch (needs.kind) {
    case 'acknowledgements':
      return provingCommands(folder, needs, requests)
    case 'answers': {
      const asked = relative(folder.path, decryptionFolder(folder, needs.decryption)).replaceAll('\\', '/')
      const lines = deviceLines(needs, { ...names, request: `${asked}/request.json` })
      return { at: 'medium', groups: [{ who: missing, lines }] }
    }
    case 'custodian-acknowledgements':
      return { at: 'medium', groups: missing.map((name) => custodianCommands(folder, name)) }
    case 'share-releases':
      return atRun(missing, deviceLines(needs, { ...names, request, answer: 'custodian.json' }))
    case 'share-checks':
      return {
        at: 'run',
        groups: missing.map((name) => {
          const index = (folder.plan.recovery?.custodians ?? []).indexOf(name) + 1
          const file = requests.find((one) => one.endsWith(`-custodian-statement-${index}.json`)) ?? ''
          const own = { ...names, request: `run/out/${basename(file)}`, answer: `custodian-${index}.json` }
          return { who: [name], lines: deviceLines(needs, own) }
        }),
      }
    case 'epoch-approvals':
      return statementCommands(missing, requests)
    case 'heartbeats':
      return atRun(missing, deviceLines(needs, { ...names, request, answer: 'heartbeat.json' }))
    case 'redeals':
      return atRun(missing, deviceLines(needs, { ...names, request, answer: 'redeal.json' }))
  }
}

/** What a holder of the epoch that is left types to let the key move and to say what is left; null while out/ asks for none of it. */
export function statementCommands(
  who: string[],
  requests: readonly string[],
): contract.DeviceCommands | null {
  const file = requests.find((one) => one.endsWith('-epoch-approval.json'))
  if (file === undefined) return null
  const request = `run/out/${basename(file)}`
  return atRun(who, deviceLines({ kind: 'epoch-approvals' }, { ...names, request, answer: 'approval.json' }))
}

const atRun = (who: string[], lines: string[]): contract.DeviceCommands => ({
  at: 'run',
  groups: [{ who, lines }],
})

function custodianCommands({ state }: RunFolder, name: string) {
  const shares = state.backups.flatMap((backup) => backup.shares)
  const index = shares.find((share) => share.name === name)?.index ?? 0
  const own = { ...names, envelope: `backup/custodian-${index}.age`, answer: `custodian-${index}.json` }
  return { who: [name], lines: deviceLines({ kind: 'custodian-acknowledgements' }, own) }
}

/**
 * A share is received and then proved; of the next epoch it is put together out of what all dealers sealed. Whoever stays has renewed
 * the card, and opens it with the renewed key.
 */
function provingCommands(
  { state }: RunFolder,
  needs: Extract<Needs, { kind: 'acknowledgements' }>,
  requests: readonly string[],
): contract.DeviceCommands {
  const next = state.reshare?.next ?? null
  const groups = needs.missing.map((name) => {
    const index =
      next === null
        ? (state.fhe?.shares.find(({ holder }) => holder === name)?.index ?? 0)
        : next.holders.indexOf(name) + 1
    const file = requests.find((one) => one.endsWith(`-acknowledgement-${index}.json`)) ?? ''
    const stays = next !== null && state.fhe?.shares.some(({ holder }) => holder === name)
    const lines = deviceLines(needs, {
      ...names,
      request: `run/out/${basename(file)}`,
      envelope: `envelopes/holder-${index}.age`,
      share: next === null ? `share-${index}.sealed` : `share-${index}.next`,
      key: stays ? 'renewed-key-file' : names.key,
      answer: `holder-${index}.json`,
    })
    return { who: [name], lines }
  })
  return { at: next === null ? 'medium' : 'run', groups }
}
