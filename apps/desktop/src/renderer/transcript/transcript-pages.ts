import { useEffect, useRef, useState } from 'react'
import type { Failure, TranscriptEntry, TranscriptFilter, TranscriptPage } from '../../contract/index.ts'
import { call, onEvent } from '../client.ts'
import { useShell } from '../stores/shell.ts'

const size = 200

type Pages = {
  /** What the last answer says of the whole; it stays while another filter is on its way. */
  head: TranscriptPage | null
  failure: Failure | null
  again(): void
  /** Undefined until its page has been asked for and has come. */
  entryAt(index: number): TranscriptEntry | undefined
  /** Asks for the pages of these rows, each once. */
  want(from: number, to: number): void
}

/** A transcript by pages of its matching entries, asked for as they come into view. */
export function useTranscriptPages(id: string, filter: TranscriptFilter): Pages {
  const generation = useShell(({ core }) => (core.state === 'ready' ? core.generation : null))
  const [version, setVersion] = useState(0)
  const [head, setHead] = useState<TranscriptPage | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const key = JSON.stringify([id, filter, generation, version])
  const pages = useRef(new Map<number, TranscriptEntry[]>())
  const asked = useRef<{ key: string; pages: Set<number> }>({ key: '', pages: new Set() })

  async function ask(page: number): Promise<void> {
    if (asked.current.pages.has(page)) return
    asked.current.pages.add(page)
    const answer = await call('transcript.page', { id, offset: page * size, limit: size, filter })
    if (asked.current.key !== key) return
    if (!answer.ok) return setFailure(answer.error)
    // The first page of a new filter takes the place of all that the last one showed.
    if (page === 0) pages.current = new Map()
    pages.current.set(page, answer.value.entries)
    setFailure(null)
    setHead(answer.value)
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for all that is asked for
  useEffect(() => {
    if (generation === null) return
    asked.current = { key, pages: new Set() }
    void ask(0)
  }, [key])
  useEffect(
    () => onEvent('ceremony.changed', (changed) => changed.id === id && setVersion((old) => old + 1)),
    [id],
  )

  return {
    head,
    failure,
    again: () => setVersion((old) => old + 1),
    entryAt: (index) => pages.current.get(Math.floor(index / size))?.[index % size],
    want: (from, to) => {
      // Until the first page has come nobody knows how many there are.
      if (asked.current.key !== key || head === null) return
      for (let page = Math.floor(from / size); page <= Math.floor(to / size); page += 1) void ask(page)
    },
  }
}
