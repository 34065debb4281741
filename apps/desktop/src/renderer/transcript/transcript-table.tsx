// biome-ignore-all lint/a11y/useSemanticElements: rows of a table element cannot be placed one by one
// biome-ignore-all lint/a11y/useFocusableInteractive: the rows are read, not operated

import { Code, Icon, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TranscriptEntry } from '../../contract/index.ts'
import { isDeviation, storyOf } from '../../contract/story.ts'
import { inOwnDirection } from '../i18n/own-direction.ts'
import { sayIn } from '../i18n/say.ts'

const columns = ['seq', 'time', 'summary', 'fact'] as const
/** A row of one line, before it is measured. */
const rowHeight = 38

type Props = {
  count: number
  entryAt(index: number): TranscriptEntry | undefined
  want(from: number, to: number): void
}

/** Rows that are in view, and a few around them: ten thousand entries scroll as ten do. */
export function TranscriptTable({ count, entryAt, want }: Props) {
  const { t } = useTranslation()
  const scroller = useRef<HTMLElement>(null)
  const [open, setOpen] = useState<number | null>(null)
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  })
  const shown = rows.getVirtualItems()
  const first = shown[0]?.index
  const last = shown.at(-1)?.index
  useEffect(() => {
    if (first !== undefined && last !== undefined) want(first, last)
  })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section ref={scroller} className="table-wrap log" tabIndex={0} aria-label={t('transcript.entries')}>
      <div role="table" className="log-table" aria-rowcount={count + 1} aria-label={t('transcript.entries')}>
        <div role="row" className="log-row log-head" aria-rowindex={1}>
          {columns.map((column) => (
            <span key={column} role="columnheader">
              {column === 'fact' ? (
                <span className="visually-hidden">{t('transcript.column.fact')}</span>
              ) : (
                t(`transcript.column.${column}`)
              )}
            </span>
          ))}
        </div>
        <div role="rowgroup" className="log-body" style={{ blockSize: `${rows.getTotalSize()}px` }}>
          {shown.map(({ index, start, key }) => {
            const entry = entryAt(index)
            return (
              <div
                key={key}
                role="row"
                className="log-row"
                data-index={index}
                data-seq={entry?.seq}
                ref={rows.measureElement}
                aria-rowindex={index + 2}
                style={{ transform: `translateY(${start}px)` }}
              >
                {entry === undefined ? (
                  <span role="cell" className="quiet">
                    {t('common.loading')}
                  </span>
                ) : (
                  <Row
                    entry={entry}
                    open={open === entry.seq}
                    onToggle={() => setOpen(open === entry.seq ? null : entry.seq)}
                  />
                )}
              </div>
            )
          })}
        </div>
      </div>
    </section>
  )
}

function Row({ entry, open, onToggle }: { entry: TranscriptEntry; open: boolean; onToggle(): void }) {
  const { t, i18n } = useTranslation()
  return (
    <>
      <span role="rowheader" className="tabular">
        <Rec>{entry.seq}</Rec>
      </span>
      <span role="cell" className="tabular">
        <time dateTime={entry.time}>
          <Code>{entry.time.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length).replace('T', ' ')}</Code>
        </time>
      </span>
      <span role="cell" className="log-story" data-deviation={isDeviation(entry.kind) ? '' : undefined}>
        {isDeviation(entry.kind) ? (
          <span className="log-mark">
            <Icon name="flag" />
            <span className="visually-hidden">{t('transcript.deviation')}</span>
          </span>
        ) : null}
        <span>{storyOf(sayIn(i18n), entry, inOwnDirection)}</span>
        {open ? (
          <>
            <span className="quiet log-leaf">
              <Code>
                {entry.kind} · {entry.stepId}
              </Code>
              <br />
              {t('transcript.leaf')} <Code>{entry.leaf}</Code>
            </span>
            <pre className="fact" dir="ltr" data-record="">
              {entry.fact}
            </pre>
          </>
        ) : null}
      </span>
      <span role="cell">
        <Button
          size="1"
          variant="ghost"
          highContrast
          aria-expanded={open}
          aria-label={t(open ? 'transcript.close-entry' : 'transcript.open-entry', { seq: entry.seq })}
          onClick={onToggle}
        >
          {t(open ? 'transcript.hide' : 'transcript.show')}
        </Button>
      </span>
    </>
  )
}
