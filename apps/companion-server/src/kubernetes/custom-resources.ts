/** What the operator reads of a resource; its spec was checked by the schema of its definition (k8-operator/crds.yaml). */
export type CustodyResource<Spec> = {
  readonly kind: 'CustodyKey' | 'CustodyPolicy'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly generation: number
    readonly resourceVersion: string
    readonly deletionTimestamp?: string
    readonly finalizers?: readonly string[]
  }
  readonly spec: Spec
  readonly status?: object
}

/** How a resource stands at the server; `reason` and `message` are those of its condition Ready. */
export type Settled = {
  readonly ready: boolean
  readonly reason: string
  readonly message: string
  readonly status: object
}

/** What the operator itself refuses; a reason as Kubernetes writes them. */
export class Unsettled extends Error {
  readonly reason: string

  constructor(reason: string, message: string) {
    super(message)
    this.name = 'Unsettled'
    this.reason = reason
  }
}

export type StoredSecret = {
  /** The uid of the resource that owns it; null: nobody’s. */
  readonly owner: string | null
  readonly annotations: Readonly<Record<string, string>>
  readonly resourceVersion: string
}

export type SecretStore = {
  read(namespace: string, name: string): Promise<StoredSecret | null>
  /** Makes it, or replaces the one that was read and did not change since. */
  write(
    owner: CustodyResource<unknown>,
    name: string,
    before: StoredSecret | null,
    secret: {
      readonly annotations: Readonly<Record<string, string>>
      readonly data: Readonly<Record<string, string>>
    },
  ): Promise<void>
}
