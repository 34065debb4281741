import { canonicalString, type Json, sha256Hex, utf8 } from '@lux/crypto'
import { type CustodyResource, type SecretStore, type Settled, Unsettled } from './custom-resources.ts'
import { fieldOf, type ServerClient, textOf } from './server-client.ts'

/** Who may use the keys of a project, under which conditions; the credentials go into a Secret beside the resource. */
export type PolicySpec = {
  readonly organisationId: string
  readonly projectId: string
  readonly role?: 'service' | 'auditor'
  /** As the server takes them: notBefore, notAfter, hours, days, networks, keyNames, keyAlgorithms, approvals. */
  readonly conditions?: object
  readonly tokenTtlSeconds?: number
  readonly secretName: string
}

const identities = '/api/v1/identities'
const page = 100
const annotations = { identity: 'kms.lux-custody.org/identity', grant: 'kms.lux-custody.org/grant' } as const

/** The Secret says which identity it is of and for which grant: what was written before a crash is found there. */
export async function settlePolicy(
  client: ServerClient,
  secrets: SecretStore,
  resource: CustodyResource<PolicySpec>,
): Promise<Settled> {
  const { spec, metadata } = resource
  const { namespace, uid } = metadata
  const grant = grantOf(spec)
  // It came as JSON.
  const digest = sha256Hex(utf8(canonicalString(grant as Json)))
  const secret = await secrets.read(namespace, spec.secretName)
  if (secret !== null && secret.owner !== uid)
    throw new Unsettled('SecretOfAnother', 'a Secret of this name is there, and is not of this resource')
  const now = secret?.annotations[annotations.identity] ?? null
  const others = await ownIdentities(client, uid)
  if (now !== null && secret?.annotations[annotations.grant] === digest && others.includes(now)) {
    await revokeAll(client, others, now)
    return settled(now)
  }
  const { tokenTtlSeconds, ...rest } = grant
  const made = fieldOf(
    await client.post(identities, { name: `k8s:${uid}`, grants: [rest], tokenTtlSeconds }),
    'identity',
  )
  const identity = textOf(made, 'id')
  const [clientId, clientSecret] = [textOf(made, 'clientId'), textOf(made, 'clientSecret')]
  await secrets.write(resource, spec.secretName, secret, {
    annotations: { [annotations.identity]: identity, [annotations.grant]: digest },
    data: { clientId, clientSecret, 'credentials.json': JSON.stringify({ clientId, clientSecret }) },
  })
  // Only now: what reads the Secret had valid credentials all the time.
  await revokeAll(client, others, identity)
  return settled(identity)
}

/** Revokes all that was made for the resource; Kubernetes removes the Secret with it. */
export async function releasePolicy(
  client: ServerClient,
  resource: CustodyResource<PolicySpec>,
): Promise<void> {
  await revokeAll(client, await ownIdentities(client, resource.metadata.uid), null)
}

function grantOf({
  role = 'service',
  organisationId,
  projectId,
  conditions,
  tokenTtlSeconds = 900,
}: PolicySpec) {
  return {
    ...{ role, organisationId, projectId, tokenTtlSeconds },
    ...(conditions === undefined || Object.keys(conditions).length === 0 ? {} : { conditions }),
  }
}

/** Those not revoked that were made for the resource. */
async function ownIdentities(client: ServerClient, uid: string): Promise<string[]> {
  const own: string[] = []
  for (let offset = 0; ; offset += page) {
    const list = fieldOf(await client.get(`${identities}?limit=${page}&offset=${offset}`), 'identities')
    if (!Array.isArray(list)) throw new Error('there are no identities in the answer')
    for (const one of list)
      if (fieldOf(one, 'name') === `k8s:${uid}` && fieldOf(one, 'revokedAt') === null)
        own.push(textOf(one, 'id'))
    if (list.length < page) return own
  }
}

async function revokeAll(client: ServerClient, own: readonly string[], except: string | null): Promise<void> {
  for (const id of own)
    if (id !== except) await client.post(`${identities}/${encodeURIComponent(id)}/revoke`, {})
}

function settled(identity: string): Settled {
  return { ready: true, reason: 'Granted', message: '', status: { identityId: identity } }
}
