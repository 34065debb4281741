import type { Desktop } from '../desktop/support/desktop.ts'
import type { Packaged } from './packaged.ts'

/**
 * Answers the system's own file dialogs, which no page can press, with `path`, until it is called again. Everything
 * before and after the dialog is the app's.
 */
export async function chooseInDialogs(desktop: Desktop | Packaged, path: string): Promise<void> {
  if ('choose' in desktop) {
    desktop.choose(path)
    return
  }
  await desktop.app.evaluate(({ dialog }, chosen) => {
    Reflect.set(dialog, 'showOpenDialog', async () => ({ canceled: false, filePaths: [chosen] }))
    Reflect.set(dialog, 'showSaveDialog', async () => ({ canceled: false, filePath: chosen }))
  }, path)
}
