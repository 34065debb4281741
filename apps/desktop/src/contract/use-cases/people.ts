import type { HolderView, ShareView } from '../records.ts'
import { countOf } from './fields.ts'
import { id, name, path, payload, reading } from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

export const people = {
  'holders.list': entry({ gives: gives<{ holders: HolderView[] }>() }),
  'holders.enrol': entry({
    input: { path },
    gives: gives<{ holder: HolderView }>(),
    errors: ['FILE-WRONG-KIND', 'FILE-DAMAGED', 'HOLDER-DUPLICATE', ...reading],
  }),
  /** A card that the window scanned; `payload` is Base64. */
  'holders.enrolCarried': entry({
    input: { payload },
    gives: gives<{ holder: HolderView }>(),
    errors: ['FILE-TOO-LARGE', 'FILE-WRONG-KIND', 'HOLDER-DUPLICATE'],
  }),
  /** Every share that ceremonies of this store deal, and how far it has come. */
  'shares.list': entry({ gives: gives<{ shares: ShareView[] }>() }),
  /** Somebody at the window says that this holder has what was sent. */
  'shares.received': entry({
    input: { id, epoch: countOf(Number.MAX_SAFE_INTEGER), holder: name },
    gives: gives<{ shares: ShareView[] }>(),
    errors: ['CEREMONY-UNKNOWN', 'SHARE-NOT-SENT'],
  }),
} as const
