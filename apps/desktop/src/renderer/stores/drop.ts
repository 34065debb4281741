import { create } from 'zustand'
import type { FilePlace, NamedFile } from '../../contract/index.ts'
import { call, droppedPath } from '../client.ts'

/** `whats`: what each file is, as core named it. */
type Taker = {
  place: FilePlace
  take: (files: readonly File[], whats: readonly NamedFile['what'][]) => void
}

/** A file that fell where it is not taken: what it is, and where it belongs. */
export type Misplaced = NamedFile & { file: File }

/** `carried`: a file that a person brings along to the screen where it belongs. */
type Drop = { taker: Taker | null; misplaced: Misplaced | null; carried: File | null; over: boolean }

export const useDrop = create<Drop>(() => ({
  taker: null,
  misplaced: null,
  carried: null,
  over: false,
}))

/** The screen that is shown takes what falls onto the window, until the function that it is given is called. */
export function takeDrops(place: FilePlace, take: Taker['take']): () => void {
  const taker = { place, take }
  const { carried } = useDrop.getState()
  useDrop.setState({ taker, misplaced: null, carried: null })
  if (carried !== null) void fell([carried])
  return () => {
    if (useDrop.getState().taker === taker) useDrop.setState({ taker: null })
  }
}

const hasFiles = (event: DragEvent): boolean =>
  [...(event.dataTransfer?.items ?? [])].some(({ kind }) => kind === 'file')

async function nameOf(file: File): Promise<NamedFile> {
  const path = await droppedPath(file)
  const answer = path === null ? null : await call('files.name', { path })
  return answer?.ok ? answer.value : { what: 'unknown', belongs: [] }
}

/** One that belongs elsewhere stops them all, and none is taken in; what nobody knows is the screen's own to refuse. */
async function fell(files: readonly File[]): Promise<void> {
  const whats: NamedFile['what'][] = []
  for (const file of files) {
    const named = await nameOf(file)
    const { taker } = useDrop.getState()
    const taken = taker !== null && (named.belongs.length === 0 || named.belongs.includes(taker.place))
    if (!taken) return useDrop.setState({ misplaced: { ...named, file } })
    whats.push(named.what)
  }
  useDrop.getState().taker?.take(files, whats)
}

/** What a person is asked in a dialog, and may be about to sign, does not change under it. */
const isAsked = (): boolean => document.querySelector('[role="dialog"], [role="alertdialog"]') !== null

// Nothing that is dropped ever takes the place of the page.
addEventListener('dragover', (event) => {
  event.preventDefault()
  if (isAsked()) {
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none'
  } else if (hasFiles(event)) useDrop.setState({ over: true })
})
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) useDrop.setState({ over: false })
})
addEventListener('drop', (event) => {
  event.preventDefault()
  useDrop.setState({ over: false, misplaced: null })
  const files = [...(event.dataTransfer?.files ?? [])]
  if (files.length > 0 && !isAsked()) void fell(files)
})
