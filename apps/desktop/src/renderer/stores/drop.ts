import { create } from 'zustand'

type Taker = (files: readonly File[]) => void

/** Who takes a file that is dropped onto the window, and whether one fell where nobody does. */
export const useDrop = create<{ taker: Taker | null; misplaced: boolean; over: boolean }>(() => ({
  taker: null,
  misplaced: false,
  over: false,
}))

const hasFiles = (event: DragEvent): boolean =>
  [...(event.dataTransfer?.items ?? [])].some(({ kind }) => kind === 'file')

// Nothing that is dropped ever takes the place of the page.
addEventListener('dragover', (event) => {
  event.preventDefault()
  if (hasFiles(event)) useDrop.setState({ over: true })
})
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) useDrop.setState({ over: false })
})
addEventListener('drop', (event) => {
  event.preventDefault()
  const files = [...(event.dataTransfer?.files ?? [])]
  const { taker } = useDrop.getState()
  useDrop.setState({ over: false, misplaced: files.length > 0 && taker === null })
  if (files.length > 0) taker?.(files)
})
