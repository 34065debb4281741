import { EnvironmentError } from '../refusal.ts'
import { type Cluster, ClusterRefusal, group } from './cluster.ts'
import { type KeySpec, releaseKey, settleKey } from './custody-key.ts'
import { type PolicySpec, releasePolicy, settlePolicy } from './custody-policy.ts'
import { type CustodyResource, type Settled, Unsettled } from './custom-resources.ts'
import { fieldOf, type ServerClient, ServerRefusal } from './server-client.ts'

const finalizer = `${group}/operator`
const kinds = ['CustodyKey', 'CustodyPolicy'] as const
/** A resource that stands is compared with the server again after this. */
const againMs = 60_000
const firstRetryMs = 5_000
const lastRetryMs = 300_000

export type OperatorParts = {
  readonly cluster: Cluster
  readonly client: ServerClient
  readonly now: () => number
  /** Hears of what was done and refused: names and codes, and nothing of keys. */
  readonly said: (line: string) => void
}

type Turn = { generation: number; deleted: boolean; due: number; failures: number }

/** Makes the server what the cluster’s resources say, one after the other: there is one operator for a cluster. */
export function openOperator({ cluster, client, now, said }: OperatorParts) {
  const turns = new Map<string, Turn>()

  async function settle(resource: CustodyResource<unknown>): Promise<void> {
    const { kind, metadata } = resource
    const held = metadata.finalizers ?? []
    if (metadata.deletionTimestamp !== undefined) {
      if (!held.includes(finalizer)) return
      // Each kind’s spec is what its definition’s schema let through.
      if (kind === 'CustodyKey') await releaseKey(client, resource as CustodyResource<KeySpec>)
      // As above.
      else await releasePolicy(client, resource as CustodyResource<PolicySpec>)
      await cluster.finalizers(
        resource,
        held.filter((one) => one !== finalizer),
      )
      said(`${nameOf(resource)}: released`)
      return
    }
    // Before anything is made at the server: a resource cannot go and leave it behind.
    if (!held.includes(finalizer)) await cluster.finalizers(resource, [...held, finalizer])
    // As above: each kind has its spec.
    const settled =
      kind === 'CustodyKey'
        ? await settleKey(client, resource as CustodyResource<KeySpec>)
        : await settlePolicy(client, cluster.secrets, resource as CustodyResource<PolicySpec>)
    await tell(resource, settled)
  }

  /** Writes the status where it is another one. */
  async function tell(resource: CustodyResource<unknown>, settled: Settled): Promise<void> {
    const before = readyOf(resource)
    const status = settled.ready ? 'True' : 'False'
    const { reason, message } = settled
    const { generation } = resource.metadata
    const same =
      ['status', 'reason', 'message'].every(
        (name) => fieldOf(before, name) === { status, reason, message }[name],
      ) &&
      fieldOf(before, 'observedGeneration') === generation &&
      Object.entries(settled.status).every(([name, value]) => fieldOf(resource.status, name) === value)
    if (same) return
    const since = fieldOf(before, 'status') === status ? fieldOf(before, 'lastTransitionTime') : null
    await cluster.status(resource, {
      ...settled.status,
      conditions: [
        {
          ...{ type: 'Ready', status, reason, message, observedGeneration: generation },
          lastTransitionTime: since ?? new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z'),
        },
      ],
    })
    said(`${nameOf(resource)}: ${reason}`)
  }

  async function oneTurn(resource: CustodyResource<unknown>): Promise<void> {
    const { uid, generation, deletionTimestamp } = resource.metadata
    const deleted = deletionTimestamp !== undefined
    const before = turns.get(uid)
    const changed = before?.generation !== generation || before.deleted !== deleted
    if (!changed && before.due > now()) return
    try {
      await settle(resource)
      turns.set(uid, { generation, deleted, due: now() + againMs, failures: 0 })
    } catch (error) {
      const failures = changed ? 0 : before.failures + 1
      const wait = Math.min(firstRetryMs * 2 ** failures, lastRetryMs)
      turns.set(uid, { generation, deleted, due: now() + wait, failures })
      const failure = failureOf(error)
      said(`${nameOf(resource)}: ${failure.reason} ${failure.message}`.trimEnd())
      // Where the cluster refuses this too, the line above is what is left.
      await tell(resource, failure).catch(() => undefined)
    }
  }

  return {
    /** Looks at each resource once, and acts on those that changed or whose time has come. Throws what the cluster refuses. */
    async look(): Promise<void> {
      const there = new Set<string>()
      for (const kind of kinds)
        for (const resource of await cluster.list(kind)) {
          there.add(resource.metadata.uid)
          await oneTurn(resource)
        }
      for (const uid of turns.keys()) if (!there.has(uid)) turns.delete(uid)
    },
  }
}

const nameOf = ({ kind, metadata }: CustodyResource<unknown>): string =>
  `${kind} ${metadata.namespace}/${metadata.name}`

function readyOf({ status }: CustodyResource<unknown>): unknown {
  const conditions = fieldOf(status, 'conditions')
  return Array.isArray(conditions) ? conditions.find((one) => fieldOf(one, 'type') === 'Ready') : undefined
}

function failureOf(error: unknown): Settled {
  const failure = (reason: string, message: string) => ({ ready: false, reason, message, status: {} })
  // A reason of Kubernetes has no dash.
  const ofCode = (code: string) => code.replaceAll('-', '_')
  if (error instanceof Unsettled) return failure(error.reason, error.message)
  if (error instanceof ServerRefusal)
    return failure(ofCode(error.code), `the server refused it (${error.status})`)
  if (error instanceof EnvironmentError) return failure(ofCode(error.code), error.message)
  if (error instanceof ClusterRefusal) return failure('ClusterRefused', error.message)
  return failure('ServerUnreachable', error instanceof Error ? error.message : 'unknown')
}
