// Named in the declarations of valibot only; nothing here makes one.
interface Blob {
  readonly size: number
  readonly type: string
}

interface File extends Blob {
  readonly name: string
}
