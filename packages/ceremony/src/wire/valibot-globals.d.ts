// valibot's own types name these two; nothing here uses them, and neither Node nor DOM types belong in this package.
interface Blob {
  readonly size: number
  readonly type: string
}
interface File extends Blob {
  readonly name: string
}
