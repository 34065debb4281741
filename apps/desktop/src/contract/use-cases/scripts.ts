import type { DraftSummary, DraftView } from '../scripts.ts'
import { countOf, group, oneGroupOf, oneOf, orNull, textOf, type ValueOf, yesNo } from './fields.ts'
import { id, name, ofDisk, path, text } from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

const slug = textOf(64)
/** Parts, and places in them, are counted from 0. */
const place = countOf(1000)

/** One change, or one taken back or made again. */
const draftEdit = oneGroupOf(
  group({ do: oneOf(['undo']) }),
  group({ do: oneOf(['redo']) }),
  group({ do: oneOf(['title']), title: name }),
  group({ do: oneOf(['add-part']), kind: slug }),
  group({ do: oneOf(['add-step']), part: place, at: place, step: slug }),
  group({ do: oneOf(['remove-step']), id: slug }),
  group({ do: oneOf(['move-step']), id: slug, by: oneOf([-1, 1]) }),
  group({ do: oneOf(['change-step']), id: slug, entry: slug, value: text }),
  group({ do: oneOf(['cosign']), id: slug, on: yesNo }),
  group({ do: oneOf(['add-key']) }),
  group({ do: oneOf(['change-key']), id: slug, entry: slug, value: text }),
  group({ do: oneOf(['remove-key']), id: slug }),
)
export type DraftEdit = ValueOf<typeof draftEdit>

export const scripts = {
  'scripts.drafts': entry({ gives: gives<{ drafts: DraftSummary[] }>() }),
  /** `from`: a script that is shipped or of this store; null: an empty one. */
  'scripts.begin': entry({
    input: { title: name, from: orNull(name) },
    gives: gives<{ id: string }>(),
    errors: ['SCRIPT-UNKNOWN', ...ofDisk],
  }),
  'scripts.draft': entry({ input: { id }, gives: gives<DraftView>(), errors: ['DRAFT-UNKNOWN'] }),
  'scripts.edit': entry({
    input: { id, edit: draftEdit },
    gives: gives<DraftView>(),
    errors: ['DRAFT-UNKNOWN'],
  }),
  /** Keeps the script as it stands under its hash; ceremonies can choose it from now on. */
  'scripts.freeze': entry({ input: { id }, gives: gives<DraftView>(), errors: ['DRAFT-UNKNOWN'] }),
  'scripts.save': entry({
    input: { id, path },
    gives: gives<{ path: string }>(),
    errors: ['DRAFT-UNKNOWN', 'SHELL-PATHS', 'FOLDER-IN-USE', ...ofDisk],
  }),
  /** What was frozen stays. */
  'scripts.discard': entry({
    input: { id },
    gives: gives<Record<string, never>>(),
    errors: ['DRAFT-UNKNOWN'],
  }),
} as const
