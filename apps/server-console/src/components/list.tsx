import { Button } from '@radix-ui/themes'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Field, Form } from './form.tsx'
import { useFormats } from './times.ts'

/** What one page of a list shows, of all that fit a search. */
export type Part = { readonly search: string; readonly offset: number; readonly limit: number }

export const pageLength = 25

/** Which of a list's lines are shown, counted from one, and where the pages beside them begin; null where there is none. */
export function pageAt({ offset, limit }: Part, total: number) {
  const from = Math.min(offset, Math.max(0, total - 1))
  return {
    from: total === 0 ? 0 : from + 1,
    to: Math.min(from + limit, total),
    before: from === 0 ? null : Math.max(0, from - limit),
    after: from + limit < total ? from + limit : null,
  }
}

export function usePart(limit = pageLength): readonly [Part, (part: Part) => void] {
  return useState<Part>({ search: '', offset: 0, limit })
}

/** A list in pages: how many there are, a search where they are more than one page, and the pages beside this one. */
export function PagedList({
  part,
  total,
  onPart,
  empty,
  filters = false,
  choices,
  children,
}: {
  part: Part
  total: number
  onPart: (part: Part) => void
  /** In place of the lines, where nothing was ever there. */
  empty: ReactNode
  /** What else was asked for: then there may be others that are not shown. */
  filters?: boolean
  /** Beside the search: what narrows the list. */
  choices?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const { from, to, before, after } = pageAt(part, total)
  if (total === 0 && part.search === '' && !filters) return empty
  const turn = (offset: number | null, name: 'before' | 'after') => (
    <Button
      type="button"
      size="2"
      variant="surface"
      color="gray"
      highContrast
      disabled={offset === null}
      onClick={() => onPart({ ...part, offset: offset ?? 0 })}
    >
      {t(`console.list.${name}`)}
    </Button>
  )
  return (
    <div className="paged">
      {choices}
      {total > part.limit || part.search !== '' || filters ? (
        <Form
          work={{ isPending: false, error: null }}
          plain
          submit={t('console.list.find')}
          onSubmit={({ text }) => onPart({ ...part, search: text('search').trim(), offset: 0 })}
        >
          <Field
            name="search"
            type="search"
            label={t('console.list.search')}
            defaultValue={part.search}
            maxLength={64}
            autoComplete="off"
            spellCheck={false}
          />
        </Form>
      ) : null}
      {children}
      <div className="actions" aria-live="polite">
        <span className="quiet">
          {total === 0
            ? t('console.list.nothing')
            : t('console.list.range', { from: number(from), to: number(to), total: number(total) })}
        </span>
        {total > part.limit ? (
          <>
            {turn(before, 'before')}
            {turn(after, 'after')}
          </>
        ) : null}
      </div>
    </div>
  )
}
