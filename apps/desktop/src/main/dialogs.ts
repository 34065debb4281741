import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserWindow, dialog, type FileFilter } from 'electron'
import type { Appearance, FileKind } from '../contract/index.ts'

const extensions: Record<FileKind, string[]> = {
  plan: ['yaml', 'yml'],
  script: ['yaml', 'yml'],
  lock: ['json'],
  card: ['json'],
  key: ['key'],
  share: ['sealed'],
  bundle: ['zip'],
  policy: ['json'],
  transport: ['json'],
  epoch: ['bin'],
  document: ['json', 'age', 'sig'],
  transcript: ['jsonl'],
  report: ['json'],
  backup: ['age'],
  paper: ['pdf'],
  // A library's name may end in its version, as libpkcs11.so.1 does.
  library: ['*'],
}

type Language = Appearance['language']

function filters(kind: FileKind, language: Language): FileFilter[] {
  return [
    { name: caption(language, `file-${kind}`), extensions: extensions[kind] },
    { name: caption(language, 'file-all'), extensions: ['*'] },
  ]
}

let answers: string | null = null

/** In a test build alone: the system's dialogs answer with the path that stands in this file, because no test can press them. */
export function answerDialogsFrom(file: string | null): void {
  answers = file
}

export async function openFile(
  window: BrowserWindow,
  kind: FileKind,
  language: Language,
): Promise<string | null> {
  if (answers !== null) return readFileSync(answers, 'utf8')
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: caption(language, `open-${kind}`),
    filters: filters(kind, language),
    properties: ['openFile', 'dontAddToRecent'],
  })
  return canceled ? null : (filePaths[0] ?? null)
}

export async function openFolder(window: BrowserWindow, language: Language): Promise<string | null> {
  if (answers !== null) return readFileSync(answers, 'utf8')
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: caption(language, 'open-folder'),
    properties: ['openDirectory', 'createDirectory', 'dontAddToRecent'],
  })
  return canceled ? null : (filePaths[0] ?? null)
}

/** `name` is only a proposal; path separators in it are dropped. */
export async function saveFile(
  window: BrowserWindow,
  kind: FileKind,
  name: string,
  language: Language,
): Promise<string | null> {
  if (answers !== null) return readFileSync(answers, 'utf8')
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    title: caption(language, `save-${kind}`),
    defaultPath: join(process.env.HOME ?? '', name.replace(/[/\\]/g, '')),
    filters: filters(kind, language),
    properties: ['showOverwriteConfirmation', 'dontAddToRecent'],
  })
  return canceled ? null : filePath || null
}

/** True when the person wants to leave a ceremony that is under way. */
export async function confirmLeave(window: BrowserWindow, language: Language): Promise<boolean> {
  return (await ask(window, language, 'leave', ['leave-stay', 'leave-go'])) === 1
}

/** True when the people of a ceremony want to go on after the machine slept in the middle of it. */
export async function confirmWoken(window: BrowserWindow, language: Language): Promise<boolean> {
  return (await ask(window, language, 'woken', ['woken-go-on', 'leave-go'])) === 0
}

/** The first of the two answers is the safe one: what Enter and Escape give. */
async function ask(
  window: BrowserWindow,
  language: Language,
  about: 'leave' | 'woken',
  answers: readonly [string, string],
): Promise<number> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: caption(language, `${about}-title`),
    detail: caption(language, `${about}-detail`),
    buttons: answers.map((key) => caption(language, key)),
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  })
  return response
}

const files = import.meta.glob<Record<string, string>>('../../../../resources/locales/*/shell.json', {
  eager: true,
  import: 'default',
})

/** The few sentences that main itself shows in native dialogs, in English where they are not translated; `key` is one of shell.json. */
function caption(language: Appearance['language'], key: string): string {
  const text = textIn(language, key) ?? textIn('en', key)
  if (text === undefined) throw new RangeError(`caption: ${language} has no ${key}`)
  return text
}

function textIn(language: string, key: string): string | undefined {
  const path = Object.keys(files).find((name) => name.includes(`/${language}/`))
  return path === undefined ? undefined : files[path]?.[key]
}
