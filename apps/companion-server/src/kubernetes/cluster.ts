import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { callJson, type Method } from './call-json.ts'
import type { CustodyResource, SecretStore, StoredSecret } from './custom-resources.ts'
import { fieldOf } from './server-client.ts'

export const group = 'kms.lux-custody.org'
export const version = 'v1alpha1'
const plurals = { CustodyKey: 'custodykeys', CustodyPolicy: 'custodypolicies' } as const
const maxList = 16 * 1024 * 1024

export type ClusterPlace = {
  /** An https origin. */
  readonly api: URL
  /** PEM. */
  readonly ca: string | null
  /** The service account’s token, which Kubernetes renews: read at each call. */
  readonly tokenFile: string
  /** The one that is watched; null: all. */
  readonly namespace: string | null
}

/** What Kubernetes refused, by its reason. */
export class ClusterRefusal extends Error {
  readonly status: number

  constructor(status: number, reason: string) {
    super(`${reason} (${status})`)
    this.name = 'ClusterRefusal'
    this.status = status
  }
}

export type Cluster = ReturnType<typeof openCluster>

/** As much of the Kubernetes API as the operator needs: its resources, their status, and the Secrets that it wrote. */
export function openCluster({ api, ca, tokenFile, namespace }: ClusterPlace) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ...(ca === null ? {} : { ca }) })

  async function ask(method: Method, path: string, body: object | null = null, type = 'application/json') {
    const token = (await readFile(tokenFile, 'utf8')).trim()
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const url = new URL(path, api)
    const answer = await callJson({ method, url, agent, headers, body, maxAnswer: maxList })
    if (answer.status < 300) return answer.body
    throw new ClusterRefusal(answer.status, String(fieldOf(answer.body, 'reason') ?? 'Unknown'))
  }

  const within = (space: string) => `namespaces/${encodeURIComponent(space)}`
  const placeOf = ({ kind, metadata }: CustodyResource<unknown>) =>
    `/apis/${group}/${version}/${within(metadata.namespace)}/${plurals[kind]}/${encodeURIComponent(metadata.name)}`
  const secretsOf = (space: string) => `/api/v1/${within(space)}/secrets`
  const merge = 'application/merge-patch+json'

  const secrets: SecretStore = {
    async read(space, name) {
      try {
        return toSecret(await ask('GET', `${secretsOf(space)}/${encodeURIComponent(name)}`))
      } catch (error) {
        if (error instanceof ClusterRefusal && error.status === 404) return null
        throw error
      }
    },
    async write({ kind, metadata }, name, before, { annotations, data }) {
      const body = {
        ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', stringData: data },
        metadata: {
          ...{ name, annotations },
          ...(before === null ? {} : { resourceVersion: before.resourceVersion }),
          ownerReferences: [
            {
              apiVersion: `${group}/${version}`,
              kind,
              name: metadata.name,
              uid: metadata.uid,
              controller: true,
            },
          ],
        },
      }
      const path = secretsOf(metadata.namespace)
      if (before === null) await ask('POST', path, body)
      else await ask('PUT', `${path}/${encodeURIComponent(name)}`, body)
    },
  }

  return {
    secrets,
    async list(kind: keyof typeof plurals): Promise<readonly CustodyResource<unknown>[]> {
      const space = namespace === null ? '' : `${within(namespace)}/`
      const { items } = (await ask('GET', `/apis/${group}/${version}/${space}${plurals[kind]}`)) as {
        // What the API server answers of a kind that its definition describes.
        items: readonly Omit<CustodyResource<unknown>, 'kind'>[]
      }
      return items.map((item) => ({ ...item, kind }))
    },
    /** Refused with status 409 where the resource changed since it was read. */
    async finalizers(resource: CustodyResource<unknown>, finalizers: readonly string[]): Promise<void> {
      const { resourceVersion } = resource.metadata
      await ask('PATCH', placeOf(resource), { metadata: { finalizers, resourceVersion } }, merge)
    },
    async status(resource: CustodyResource<unknown>, status: object): Promise<void> {
      await ask('PATCH', `${placeOf(resource)}/status`, { status }, merge)
    },
    close: () => agent.destroy(),
  }
}

function toSecret(secret: unknown): StoredSecret {
  // What the API server answers has this shape.
  const { metadata } = secret as {
    metadata: {
      resourceVersion: string
      annotations?: Record<string, string>
      ownerReferences?: readonly { uid: string; controller?: boolean }[]
    }
  }
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  return {
    owner: owner?.uid ?? null,
    annotations: metadata.annotations ?? {},
    resourceVersion: metadata.resourceVersion,
  }
}
