import { join } from 'node:path'
import { ExpectedError, readBounded } from '@lux/node-files'
import {
  type CustodianShareOpened,
  openCustodianShare,
  type PersonKey,
  proveCustodianShare,
  trustedPolicy,
} from '@lux/people'
import type { InputOf, RunView } from '../../../contract/index.ts'
import { custodianFile } from '../../runs/folder/places.ts'
import type { Run } from '../../runs/run/run.ts'
import { openKeyFile } from '../../use-cases/key-file.ts'
import { asAsked, takeFile } from '../../use-cases/paused.ts'
import { needed, refuse } from '../shared/needed.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { mustBeSame, shown } from './ceremonies.ts'
import { mustBeOutside, sheetPaper } from './sheet-paper.ts'
import { otherKey } from './sign-here.ts'

const maxFile = 1 << 20

/**
 * Prints the sheet of a custodian's share, or writes it as PDF. The words go from the envelope to the page that main prints, and
 * nowhere else; the transcript says that there is a sheet. Errors: SETUP-EARLY, KEY-…, CUSTODIAN-…, SEAL-…, BACKUP-…, PAPER-FAILED,
 * PRINTER-…, SHEET-PLACE, DISK-FULL, FOLDER-READ-ONLY.
 */
export async function printShare(
  parts: ServiceContext,
  given: InputOf<'ceremonies.printShare'>,
): Promise<{ made: boolean }> {
  const to = given.out === null ? null : parts.paths.write(given.out)
  if (to !== null) mustBeOutside(to)
  return withOpened(parts, given, async (run, opened) => {
    const { language } = given
    const { resources } = parts.program
    const made = await parts.print(sheetPaper(opened, { language, resources }), to)
    const { index, key } = opened
    const how = to === null ? 'printed' : 'saved as PDF'
    const text = `Sheet of share ${index} of the backup of ${key}, for ${given.name}: ${how}`
    if (made) refuse(run.submit({ type: 'note', by: given.name, text }))
    return { made }
  })
}

/** Proves a share by the words of its sheet. Errors: those of `printShare`; BACKUP-WORD, BACKUP-CHECKSUM, BACKUP-…, SUBMIT-…. */
export async function proveShare(
  parts: ServiceContext,
  given: InputOf<'ceremonies.proveShare'>,
): Promise<RunView> {
  await withOpened(parts, given, async (run, opened, key) => {
    const { acknowledgement } = needed(proveCustodianShare(opened, given.words, key))
    const rehearsed = parts.runs.get(given.id).standIns.length > 0
    refuse(takeFile(run, acknowledgement, null, rehearsed, true))
  })
  return shown(parts, given.id)
}

type Asked = { id: string; name: string; key: string | null; passphrase: string }
type Custodian = Pick<PersonKey, 'card' | 'seal' | 'identity'>

async function withOpened<T>(
  parts: ServiceContext,
  { id, name: custodian, key: file, passphrase: secret }: Asked,
  work: (run: Run, opened: CustodianShareOpened, key: Custodian) => Promise<T>,
): Promise<T> {
  const { run, standIns } = parts.runs.get(id)
  mustBeSame(parts, run)
  const { needs } = asAsked(run)
  const shares = run.folder.state.backups.flatMap((backup) => backup.shares)
  const share = shares.find((one) => one.name === custodian)
  if (needs?.kind !== 'custodian-acknowledgements' || share === undefined)
    throw new ExpectedError('SETUP-EARLY', `no share of ${custodian} is to be proved now`)
  const at = (one: string) => readBounded(join(run.folder.path, one), maxFile)
  const envelope = custodianFile(share.index)
  const files = {
    policy: needed(trustedPolicy(at('policy.json'))),
    opening: at('opening.json'),
    envelope: at(`${envelope}.age`),
    signature: at(`${envelope}.sig`),
  }
  const standIn = standIns.find((one) => one.role === 'custodian' && one.name === custodian)
  if (file === null) {
    if (standIn === undefined) throw new ExpectedError('KEY-FILE-WRONG', `no key of ${custodian} was chosen`)
    return work(run, needed(await openCustodianShare(files, standIn)), standIn)
  }
  const key = await openKeyFile(parts.paths.read(file), secret)
  try {
    if (key.card.name !== custodian) throw otherKey(key.card.name, custodian)
    return await work(run, needed(await openCustodianShare(files, key)), key)
  } finally {
    key.identity.secret.wipe()
  }
}
