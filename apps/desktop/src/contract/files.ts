const namedFileKinds = [
  'folder',
  'bundle',
  'sealed',
  'card',
  'server',
  'signature',
  'request',
  'answer',
  'plan',
  'lock',
  'script',
  'policy',
  'key',
  'unknown',
] as const

/** Where a file is taken: the screen that takes it, or on its owner's device. */
export type FilePlace = 'setup' | 'ceremonies' | 'run' | 'holders' | 'bundles' | 'device'

/** `belongs` is empty where nobody knows the file. */
export type NamedFile = { what: (typeof namedFileKinds)[number]; belongs: FilePlace[] }
