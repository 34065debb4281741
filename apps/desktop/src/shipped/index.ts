export { changedFile } from './changed-file.ts'
export { archiveName, unpackedName } from './shipped-files.ts'
