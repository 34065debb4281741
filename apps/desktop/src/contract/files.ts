export const namedFileKinds = [
  'folder',
  'bundle',
  'sealed',
  'card',
  'server',
  'signature',
  'request',
  'answer',
  'plan',
  'script',
  'policy',
  'key',
  'unknown',
] as const

/** Where a file is taken: where a ceremony is prepared, where a run waits for it, where bundles are verified, or on its owner's device. */
export type FilePlace = 'setup' | 'run' | 'bundles' | 'device'

/** `belongs` is empty where nobody knows the file. */
export type NamedFile = { what: (typeof namedFileKinds)[number]; belongs: FilePlace[] }
