import { join } from 'node:path'
import { type BrowserWindow, dialog, type FileFilter } from 'electron'
import type { Appearance, FileKind } from '../contract/index.ts'
import { caption } from './captions.ts'

const extensions: Record<FileKind, string[]> = {
  plan: ['yaml', 'yml'],
  lock: ['json'],
  card: ['json'],
  bundle: ['zip'],
  policy: ['json'],
  transport: ['json'],
  document: ['json', 'age', 'sig'],
  report: ['json'],
}

type Language = Appearance['language']

function filters(kind: FileKind, language: Language): FileFilter[] {
  return [
    { name: caption(language, `file-${kind}`), extensions: extensions[kind] },
    { name: caption(language, 'file-all'), extensions: ['*'] },
  ]
}

export async function openFile(
  window: BrowserWindow,
  kind: FileKind,
  language: Language,
): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: caption(language, `open-${kind}`),
    filters: filters(kind, language),
    properties: ['openFile', 'dontAddToRecent'],
  })
  return canceled ? null : (filePaths[0] ?? null)
}

export async function openFolder(window: BrowserWindow, language: Language): Promise<string | null> {
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
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: caption(language, 'leave-title'),
    detail: caption(language, 'leave-detail'),
    buttons: [caption(language, 'leave-stay'), caption(language, 'leave-go')],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  })
  return response === 1
}
