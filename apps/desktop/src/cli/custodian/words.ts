import type { Command } from 'commander'
import { readSecret } from '../shell/secret-input.ts'

export type WordsOptions = { wordsFd?: string; wordsFile?: string }

export function withWords(command: Command): Command {
  return command
    .option('--words-fd <n>', 'read the words from this open descriptor instead of the terminal, in one line')
    .option('--words-file <file>', 'read them from this file, which must have mode 0600')
}

/** The words as somebody types them from a sheet. A string, which nothing can overwrite. */
export async function readTypedWords({ wordsFd, wordsFile }: WordsOptions): Promise<string> {
  const typed = await readSecret('The 33 words of your sheet, in one line', {
    ...(wordsFd === undefined ? {} : { fd: wordsFd }),
    ...(wordsFile === undefined ? {} : { file: wordsFile }),
  })
  const text = Buffer.from(typed).toString('utf8')
  typed.fill(0)
  return text
}
