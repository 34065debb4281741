import { basename, relative } from 'node:path'
import type { Needs } from '@lux/ceremony'
import type * as contract from '../../../contract/index.ts'
import { isAtHolders } from '../../runs/exchange/awaited.ts'
import { decryptionFolder } from '../../runs/folder/places.ts'
import type { RunFolder } from '../../runs/folder/run-folder.ts'

const ownBy = (key: string) => `--key ${key} --policy policy.json`
const own = ownBy('key-file')

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
      return provingCommands(folder, missing, requests)
    case 'answers': {
      const asked = relative(folder.path, decryptionFolder(folder, needs.decryption)).replaceAll('\\', '/')
      const line = `custody holder approve ${asked}/request.json --share share.sealed ${own} --ciphertext ciphertext-file --out answer.json`
      return { at: 'medium', groups: [{ who: missing, lines: [line] }] }
    }
    case 'custodian-acknowledgements':
      return { at: 'medium', groups: missing.map((name) => custodianCommands(folder, name)) }
    case 'epoch-approvals':
      return statementCommands(missing, requests)
    case 'heartbeats':
      return atRun(
        missing,
        `custody holder heartbeat ${request} --share share.sealed ${own} --out heartbeat.json`,
      )
    case 'redeals':
      return atRun(missing, `custody holder redeal ${request} --share share.sealed ${own} --out redeal.json`)
  }
}

/** What a holder of the epoch that is left types to let the key move and to say what is left; null while out/ asks for none of it. */
export function statementCommands(
  who: string[],
  requests: readonly string[],
): contract.DeviceCommands | null {
  const request = requests.find((file) => file.endsWith('-epoch-approval.json'))
  if (request === undefined) return null
  return atRun(
    who,
    `custody holder approve-epoch run/out/${basename(request)} --share share.sealed ${own} --out approval.json`,
  )
}

const atRun = (who: string[], line: string): contract.DeviceCommands => ({
  at: 'run',
  groups: [{ who, lines: [line] }],
})

/** A share of a backup is put on paper first, and proved by what stands there. */
function custodianCommands({ state }: RunFolder, name: string) {
  const shares = state.backups.flatMap((backup) => backup.shares)
  const index = shares.find((share) => share.name === name)?.index ?? 0
  const envelope = `backup/custodian-${index}.age`
  return {
    who: [name],
    lines: [
      `custody custodian receive ${envelope} ${own} --sheet sheet.html`,
      `custody custodian prove ${envelope} ${own} --out custodian-${index}.json`,
    ],
  }
}

/**
 * A share is received and then proved; of the next epoch it is put together out of what all dealers sealed. Whoever stays has renewed
 * the card, and opens it with the renewed key.
 */
function provingCommands(
  { state }: RunFolder,
  missing: readonly string[],
  requests: readonly string[],
): contract.DeviceCommands {
  const next = state.reshare?.next ?? null
  const groups = missing.map((name) => {
    const index =
      next === null
        ? (state.fhe?.shares.find(({ holder }) => holder === name)?.index ?? 0)
        : next.holders.indexOf(name) + 1
    const request = requests.find((file) => file.endsWith(`-acknowledgement-${index}.json`)) ?? ''
    const stays = next !== null && state.fhe?.shares.some(({ holder }) => holder === name)
    const key = stays ? 'renewed-key-file' : 'key-file'
    const kept = next === null ? `share-${index}.sealed` : `share-${index}.next`
    const receive =
      next === null ? `receive envelopes/holder-${index}.age` : `receive-next run/out/${basename(request)}`
    return {
      who: [name],
      lines: [
        `custody holder ${receive} ${ownBy(key)} --out ${kept}`,
        `custody holder prove ${kept} ${ownBy(key)} --out holder-${index}.json`,
      ],
    }
  })
  return { at: next === null ? 'medium' : 'run', groups }
}
