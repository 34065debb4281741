const dueKinds = ['heartbeat', 'drill', 'policy', 'store-backup', 'backup-check'] as const
export type DueKind = (typeof dueKinds)[number]

/** Something that people of this machine have to do by a day, or should have done. */
export type DueItem = {
  kind: DueKind
  /** Of the ceremony or the organisation that it is about; empty for the store. */
  title: string
  /** Who is meant. */
  names: string[]
  /** By when; null: at once. */
  at: string | null
  late: boolean
  /** The run where it is seen; null: the settings. */
  run: string | null
}
