import type { PayloadType } from '@lux/crypto/transport'
import type { Answer, Files } from '../device/api.ts'

/** The most files of one choice: a request with its ciphertexts, or the folder of a run. */
const mostFiles = 128
const mostBytes = 64 << 20

/** Limits in bytes of the types that need less, the same as their readers have. */
const least: Partial<Record<PayloadType, number>> = {
  policy: 1 << 20,
  'share-package': 8 << 20,
  'signature-request': 32_000_000,
}

const no = (rule: string, detail: string): Answer<Files> => ({ ok: false, rule, detail })

/** The chosen files. Each is read into memory only after its size is known to fit. Refuses PHONE-FILE-LARGE, PHONE-FILE-UNREADABLE. */
export async function readFiles(
  files: readonly Pick<File, 'name' | 'size' | 'arrayBuffer'>[],
  types: readonly PayloadType[],
): Promise<Answer<Files>> {
  const most = Math.max(...types.map((type) => least[type] ?? mostBytes))
  const size = files.reduce((sum, file) => sum + file.size, 0)
  if (files.length > mostFiles) return no('PHONE-FILE-LARGE', `${files.length} > ${mostFiles}`)
  if (size > most) return no('PHONE-FILE-LARGE', `${size} B > ${most} B`)
  const read: { name: string; bytes: Uint8Array }[] = []
  for (const file of files) {
    const bytes = await file.arrayBuffer().catch(() => null)
    if (bytes === null) return no('PHONE-FILE-UNREADABLE', file.name)
    read.push({ name: file.name, bytes: new Uint8Array(bytes) })
  }
  return { ok: true, value: read }
}
