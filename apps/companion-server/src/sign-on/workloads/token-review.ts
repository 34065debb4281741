import { readFile } from 'node:fs/promises'
import { openEgress } from '../../platform/http/egress.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { type KubernetesSettings, subjectOf } from './settings.ts'

/** Of the pod: where Kubernetes puts what its programs ask the API server by. */
export type Pod = { readonly api: string; readonly folder: string }

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The cluster that this server runs in; null where it runs in none. */
export function ownPod(environment: NodeJS.ProcessEnv = process.env): Pod | null {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT_HTTPS: port = '443' } = environment
  if (!host) return null
  return { api: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, folder: mounted }
}

/** That the cluster takes the token now, for this audience: a pod that is gone has none. Refuses WORKLOAD-KEYS, WORKLOAD-TOKEN. */
export async function review(
  pod: Pod | null,
  settings: KubernetesSettings,
  token: string,
): Promise<Outcome<null>> {
  if (pod === null) return refuse('WORKLOAD-KEYS', 'this server runs in no Kubernetes cluster')
  const [ca, own] = await Promise.all(
    ['ca.crt', 'token'].map((name) => readFile(`${pod.folder}/${name}`, 'utf8').catch(() => null)),
  )
  if (ca == null || own == null)
    return refuse('WORKLOAD-KEYS', 'the pod has no service account to ask the cluster by')
  const spec = { token, audiences: [settings.audience] }
  // The pod's own surroundings name this address, and no rule does.
  const sent = await openEgress({ allowed: [new URL(pod.api).host] }).send({
    ...{ method: 'POST', url: `${pod.api}/apis/authentication.k8s.io/v1/tokenreviews`, ca },
    headers: { authorization: `Bearer ${own.trim()}`, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec })),
  })
  if (!sent.ok) return refuse('WORKLOAD-KEYS', `${sent.rule}: ${sent.detail}`)
  if (sent.value.status !== 200 && sent.value.status !== 201)
    return refuse('WORKLOAD-KEYS', `the cluster answered ${sent.value.status}`)
  const status = statusOf(sent.value.body)
  const isSame =
    status?.authenticated === true &&
    status.user?.username === subjectOf(settings) &&
    status.audiences?.includes(settings.audience) === true
  return isSame ? accept(null) : refuse('WORKLOAD-TOKEN', 'the cluster does not take the token for it')
}

type Status = { authenticated?: unknown; user?: { username?: unknown }; audiences?: unknown[] }

function statusOf(body: Buffer): Status | null {
  try {
    const said: { status?: Status } = JSON.parse(body.toString())
    const audiences = said.status?.audiences
    return audiences === undefined || Array.isArray(audiences) ? (said.status ?? null) : null
  } catch {
    return null
  }
}
