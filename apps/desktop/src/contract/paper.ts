import type { Language } from './languages.ts'

/** What is put on paper: main turns it into tagged pages by Chromium's own print. Texts are plain; main escapes them. */
export type Paper = {
  title: string
  language: Language
  /** On every page: above, and in place of the title below. */
  running?: { top: string; bottom: string }
  blocks: PaperBlock[]
}

export type PaperBlock =
  | { kind: 'heading'; text: string }
  /** `strong`: the sentence that the paper is about; `quiet`: an aside. */
  | { kind: 'paragraph'; text: string; weight?: 'strong' | 'quiet' }
  | { kind: 'list'; items: string[] }
  /** Names and values, one a line; `code` where all values are hashes, identifiers or times. */
  | { kind: 'facts'; facts: { name: string; value: string }[]; code?: boolean }
  | {
      kind: 'table'
      title: string
      /** `width`: its share of the page; `code`: hashes, identifiers or times. */
      columns: { title: string; width?: number; code?: boolean }[]
      /** Each as long as `columns`; an empty text is a place to write in. */
      rows: string[][]
      /** Rows as high as a hand writes. */
      toWrite?: boolean
    }
  /** Words to read aloud, in cards of four; `hex` stands below them. */
  | { kind: 'words'; title: string; words: string[]; hex?: string }
  /** A QR code, row by row, 1 is dark: what the parts of @lux/ui/qr make. */
  | { kind: 'qr'; title: string; size: number; dark: Uint8Array }
  /** A line to sign on. */
  | { kind: 'signature'; name: string; role: string }
  | { kind: 'page-break' }

export const paperLimits = {
  blocks: 5000,
  rows: 20_000,
  columns: 12,
  words: 512,
  text: 20_000,
  letters: 8_388_608,
} as const
