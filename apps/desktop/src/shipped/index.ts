export { changedFile } from './changed-file.ts'
export { unpackedName } from './shipped-files.ts'
