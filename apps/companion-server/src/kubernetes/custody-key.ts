import { type CustodyResource, type Settled, Unsettled } from './custom-resources.ts'
import { fieldOf, type ServerClient, ServerRefusal, textOf } from './server-client.ts'

export type KeySpec = {
  readonly projectId: string
  /** Of the key at the server; the resource’s own name where it is absent. */
  readonly keyName?: string
  readonly description?: string
  readonly keyUsage?: string
  readonly algorithm?: string
  readonly rotateEveryDays?: number
  readonly isDisabled?: boolean
  /** What becomes of the key with the resource. Absent: Retain. */
  readonly onDeletion?: 'Retain' | 'Disable' | 'ScheduleDeletion'
}

const keys = '/api/v1/kms/keys'

/** Makes the key at the server what the resource says. The key is the resource’s own: its description ends with the uid. */
export async function settleKey(client: ServerClient, resource: CustodyResource<KeySpec>): Promise<Settled> {
  const { spec, metadata } = resource
  const found = await ownKey(client, resource)
  if (found === null) {
    const answer = await client.post(keys, {
      projectId: spec.projectId,
      name: spec.keyName ?? metadata.name,
      description: described(resource),
      ...(spec.keyUsage === undefined ? {} : { keyUsage: spec.keyUsage }),
      ...(spec.algorithm === undefined ? {} : { algorithm: spec.algorithm }),
      ...(spec.rotateEveryDays === undefined ? {} : { rotateEveryDays: spec.rotateEveryDays }),
    })
    const made = fieldOf(answer, 'key')
    return spec.isDisabled === true ? patched(client, made, { isDisabled: true }) : settled(made)
  }
  const wanted = {
    description: described(resource),
    rotateEveryDays: spec.rotateEveryDays ?? null,
    isDisabled: spec.isDisabled ?? false,
  }
  const changes = Object.entries(wanted).filter(([name, value]) => fieldOf(found, name) !== value)
  return changes.length === 0 ? settled(found) : patched(client, found, Object.fromEntries(changes))
}

/** What `onDeletion` says, once: a key that is gone or already so is left. */
export async function releaseKey(client: ServerClient, resource: CustodyResource<KeySpec>): Promise<void> {
  const { onDeletion = 'Retain' } = resource.spec
  if (onDeletion === 'Retain') return
  const found = await ownKey(client, resource)
  if (found === null) return
  if (onDeletion === 'Disable') {
    if (fieldOf(found, 'isDisabled') !== true) await patched(client, found, { isDisabled: true })
  } else if (fieldOf(found, 'deletionDate') === null) await client.delete(pathOf(found))
}

async function ownKey(client: ServerClient, { spec, metadata }: CustodyResource<KeySpec>): Promise<unknown> {
  const name = encodeURIComponent(spec.keyName ?? metadata.name)
  let key: unknown
  try {
    const answer = await client.get(
      `${keys}/key-name/${name}?projectId=${encodeURIComponent(spec.projectId)}`,
    )
    key = fieldOf(answer, 'key')
  } catch (error) {
    if (error instanceof ServerRefusal && error.status === 404) return null
    throw error
  }
  if (!String(fieldOf(key, 'description')).endsWith(mark(metadata.uid)))
    throw new Unsettled('KeyOfAnother', 'a key of this name is there, and is not of this resource')
  return key
}

const mark = (uid: string): string => `[Kubernetes ${uid}]`
const described = ({ spec, metadata }: CustodyResource<KeySpec>): string =>
  [spec.description ?? `${metadata.namespace}/${metadata.name}`, mark(metadata.uid)].join(' ')

const pathOf = (key: unknown): string => `${keys}/${encodeURIComponent(textOf(key, 'id'))}`

async function patched(client: ServerClient, key: unknown, changes: object): Promise<Settled> {
  return settled(fieldOf(await client.patch(pathOf(key), changes), 'key'))
}

function settled(key: unknown): Settled {
  const waiting = fieldOf(key, 'state') === 'awaiting-ceremony'
  const ending = fieldOf(key, 'deletionDate') !== null
  const state = waiting
    ? 'AwaitingCeremony'
    : ending
      ? 'DeletionScheduled'
      : fieldOf(key, 'isDisabled') === true
        ? 'Disabled'
        : 'Enabled'
  return {
    ready: state === 'Enabled',
    reason: state,
    message: waiting ? 'a ceremony has to deal this key' : '',
    status: { keyId: textOf(key, 'id'), version: fieldOf(key, 'version'), state },
  }
}
