import { CoreError } from '@lux/node-files'

export function folderInUse(path: string): CoreError {
  return new CoreError(
    'FOLDER-IN-USE',
    `${path} already holds a ceremony`,
    'name a new folder, or resume that one',
  )
}

export function damagedRun(path: string, detail: string): CoreError {
  return new CoreError(
    'STORE-DAMAGED',
    `${path}: ${detail}`,
    'restore the folder from its copy; nothing was changed',
  )
}
