import type { Role } from '../access/role-names.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { requirePrivate } from '../platform/state-folder/private-file.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openServerParts, type ServerParts } from '../server.ts'
import type { ChangedSettings, NewSettings } from '../sign-on/protocol.ts'
import type { GroupRole, ShownProvider } from '../sign-on/providers.ts'
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
  readonly acr: readonly string[]
  readonly amr: readonly string[]
}

export type SamlOptions = Pick<ProviderOptions, 'name' | 'organisation'> & {
  readonly entityId: string
  readonly entryPoint: string
  readonly certificate: readonly string[]
  readonly groupsAttribute?: string
  readonly acr: readonly string[]
}

export type ChangeOptions = Partial<
  Pick<ProviderOptions, 'clientSecretFile' | 'groupsClaim' | 'ca'> &
    Pick<SamlOptions, 'entryPoint' | 'groupsAttribute'>
> &
  Pick<ProviderOptions, 'scope' | 'acr' | 'amr'> &
  Pick<SamlOptions, 'certificate'> & {
    /** Of what need not be, what is taken away. */
    readonly without: readonly string[]
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
  { name, issuer, clientId, clientSecretFile, organisation, ...rest }: ProviderOptions,
): Promise<Outcome<Added>> {
  const secret = clientSecretFile === undefined ? null : await secretOf(clientSecretFile)
  const settings = { ...({ kind: 'oidc', issuer, clientId } as const), ...(await oidcSettings(rest)) }
  return added(state, { name, organisation: organisation ?? null, secret, settings })
}

async function oidcSettings({
  groupsClaim,
  scope,
  acr,
  amr,
  ca,
}: Pick<ChangeOptions, 'groupsClaim' | 'scope' | 'acr' | 'amr' | 'ca'>) {
  return {
    ...(groupsClaim === undefined ? {} : { groupsClaim }),
    ...(scope.length === 0 ? {} : { scopes: scope }),
    ...(acr.length === 0 ? {} : { acr }),
    ...(amr.length === 0 ? {} : { amr }),
    ...(ca === undefined ? {} : { ca: await textOf(ca, maxCertificate) }),
  }
}

export async function addSamlProvider(
  state: StateFolder,
  { name, organisation, entityId, entryPoint, certificate, groupsAttribute, acr }: SamlOptions,
): Promise<Outcome<Added>> {
  const settings = {
    ...({ kind: 'saml', entityId, entryPoint } as const),
    certificates: await certificatesOf(certificate),
    ...(groupsAttribute === undefined ? {} : { groupsAttribute }),
    ...(acr.length === 0 ? {} : { acr }),
  }
  return added(state, { name, organisation: organisation ?? null, secret: null, settings })
}

const certificatesOf = (paths: readonly string[]): Promise<string[]> =>
  Promise.all(paths.map((path) => textOf(path, maxCertificate)))

/** What is not named stays as it is. */
export async function changeProvider(
  state: StateFolder,
  name: string,
  { clientSecretFile, certificate, entryPoint, groupsAttribute, without, ...rest }: ChangeOptions,
): Promise<Outcome<ShownProvider>> {
  const secret = clientSecretFile === undefined ? null : await secretOf(clientSecretFile)
  const settings: ChangedSettings = {
    ...(await oidcSettings(rest)),
    ...(entryPoint === undefined ? {} : { entryPoint }),
    ...(certificate.length === 0 ? {} : { certificates: await certificatesOf(certificate) }),
    ...(groupsAttribute === undefined ? {} : { groupsAttribute }),
    ...Object.fromEntries(without.map((one) => [one, null])),
  }
  return withParts(state, ({ signOn }) => signOn.changeProvider(operatorCall(), { name, settings, secret }))
}

type NewProvider = {
  readonly name: string
  readonly organisation: string | null
  readonly settings: NewSettings
  readonly secret: string | null
}

const added = (state: StateFolder, wanted: NewProvider): Promise<Outcome<Added>> =>
  withParts(state, async ({ signOn }) => {
    const made = await signOn.addProvider(operatorCall(), wanted)
    return made.ok ? accept({ ...made.value, callback: signOn.callbackOf(wanted.name) }) : made
  })

export const showProviders = (state: StateFolder) =>
  withParts(state, ({ signOn }) => signOn.listProviders(operatorCall(), {}))

export const removeProvider = (state: StateFolder, name: string): Promise<Outcome<null>> =>
  withParts(state, ({ signOn }) => signOn.removeProvider(operatorCall(), { name }))

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
  withParts(state, ({ breakGlass }) => breakGlass.requireSignOn(operatorCall(), { required: on }))

export const newScimToken = (state: StateFolder, name: string) =>
  withParts(state, ({ signOn }) => signOn.makeScimToken(operatorCall(), { name }))
