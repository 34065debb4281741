import type { Role } from '../access/authorize.ts'
import { requireSignOn } from '../access/break-glass.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { requirePrivate } from '../platform/state-folder/private-file.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openServerParts, type ServerParts } from '../server.ts'
import type { GroupRole, NewProvider, ShownProvider } from '../sign-on/providers.ts'
import { readGiven } from './given-file.ts'
import { operatorCall } from './operator-call.ts'

export type ProviderOptions = {
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecretFile?: string
  readonly organisation?: string
  readonly groupsClaim?: string
  readonly scope: readonly string[]
  readonly ca?: string
}

export type SamlOptions = Pick<ProviderOptions, 'name' | 'organisation'> & {
  readonly entityId: string
  readonly entryPoint: string
  readonly certificate: readonly string[]
  readonly groupsAttribute?: string
}

export type GroupOptions = {
  readonly provider: string
  readonly group: string
  readonly role: Role
  readonly organisation?: string
  readonly project?: string
}

const maxSecret = 1024
const maxCertificate = 1 << 14

async function withParts<T>(state: StateFolder, work: (parts: ServerParts) => Promise<T>): Promise<T> {
  const parts = await openServerParts(state)
  try {
    return await work(parts)
  } finally {
    await parts.close()
  }
}

type Added = ShownProvider & { readonly callback: string | null }

/** `callback` is the address to register at the provider; null where PUBLIC_URL is not set. */
export async function addProvider(
  state: StateFolder,
  { name, issuer, clientId, clientSecretFile, organisation, groupsClaim, scope, ca }: ProviderOptions,
): Promise<Outcome<Added>> {
  const secret = clientSecretFile === undefined ? null : await secretOf(clientSecretFile)
  const authority = ca === undefined ? undefined : await textOf(ca, maxCertificate)
  const settings = {
    ...({ kind: 'oidc', issuer, clientId } as const),
    ...(groupsClaim === undefined ? {} : { groupsClaim }),
    ...(scope.length === 0 ? {} : { scopes: scope }),
    ...(authority === undefined ? {} : { ca: authority }),
  }
  return added(state, { name, organisation: organisation ?? null, secret, settings })
}

export async function addSamlProvider(
  state: StateFolder,
  { name, organisation, entityId, entryPoint, certificate, groupsAttribute }: SamlOptions,
): Promise<Outcome<Added>> {
  const certificates = await Promise.all(certificate.map((path) => textOf(path, maxCertificate)))
  const settings = {
    ...({ kind: 'saml', entityId, entryPoint, certificates } as const),
    ...(groupsAttribute === undefined ? {} : { groupsAttribute }),
  }
  return added(state, { name, organisation: organisation ?? null, secret: null, settings })
}

const added = (state: StateFolder, wanted: NewProvider): Promise<Outcome<Added>> =>
  withParts(state, async ({ signOn }) => {
    const made = await signOn.addProvider(operatorCall(), wanted)
    return made.ok ? accept({ ...made.value, callback: signOn.callbackOf(wanted.name) }) : made
  })

export const showProviders = (state: StateFolder) =>
  withParts(state, ({ signOn }) => signOn.listProviders(operatorCall()))

export const removeProvider = (state: StateFolder, name: string): Promise<Outcome<null>> =>
  withParts(state, ({ signOn }) => signOn.removeProvider(operatorCall(), name))

export function allowGroup(state: StateFolder, wanted: GroupOptions): Promise<Outcome<GroupRole>> {
  return withParts(state, async ({ database, signOn }) => {
    const { provider, group, role, project = null } = wanted
    const place =
      project === null
        ? null
        : await database
            .selectFrom('project')
            .select('organisation_id')
            .where('id', '=', project)
            .executeTakeFirst()
    if (place === undefined) return refuse('PROJECT-ABSENT', `there is no project ${project}`)
    const organisation = place?.organisation_id ?? wanted.organisation ?? null
    return signOn.addGroupRole(operatorCall(), { provider, group, grant: { role, organisation, project } })
  })
}

export const disallowGroup = (
  state: StateFolder,
  { provider, id }: { readonly provider: string; readonly id: string },
): Promise<Outcome<null>> =>
  withParts(state, ({ signOn }) => signOn.removeGroupRole(operatorCall(), { provider, id }))

async function secretOf(path: string): Promise<string> {
  await requirePrivate(path)
  return (await textOf(path, maxSecret)).replace(/\r?\n$/, '')
}

const textOf = async (path: string, maxBytes: number): Promise<string> =>
  Buffer.from(await readGiven(path, maxBytes)).toString('utf8')

/** Whether people log in by an identity provider alone: whoever has the state folder can always take it back. */
export const requireProviders = (state: StateFolder, on: boolean): Promise<Outcome<null>> =>
  withParts(state, (parts) => requireSignOn(parts, operatorCall(), on))

export const newScimToken = (state: StateFolder, name: string) =>
  withParts(state, ({ signOn }) => signOn.makeScimToken(operatorCall(), name))
