import { randomBytes, randomUUID, X509Certificate } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { placeOf, placesOf } from '../access/appointing.ts'
import type { Grant } from '../access/authorize.ts'
import type { Conditions } from '../access/conditions.ts'
import { nobody } from '../access/duties/rules.ts'
import { grant, grantOf, id, place } from '../access/fields.ts'
import { inOrganisation } from '../access/organisations.ts'
import { permit } from '../access/permit.ts'
import { hashSecret } from '../access/tokens.ts'
import { changesAlone, entry, ofOneself, type Permission, reads } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { IdentityProviderTable } from '../platform/database/tables.ts'
import { type SealingKey, seal, unseal } from '../platform/sealed.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { deactivate, regrant } from './members.ts'
import type { ChangedSettings, NewSettings, Provider, Settings } from './protocol.ts'
import { changedSettings, newSettings, secret, slug as slugText } from './provider-fields.ts'
import { makeServiceKey } from './service-key.ts'

export type GroupRole = { readonly id: string; readonly group: string; readonly grant: Grant }

/** Without its secret. */
export type ShownProvider = {
  readonly name: string
  readonly organisation: string | null
  readonly settings: Settings
  readonly roles: readonly GroupRole[]
}

export type ProviderRow = Selectable<IdentityProviderTable>

type Parts = {
  readonly database: SealedDatabase
  readonly key: SealingKey
  check(provider: Provider): Promise<Outcome<null>>
  now(): Date
}

const slug = /^[a-z0-9](?:-?[a-z0-9]){0,31}$/
/** Of each organisation, and of the deployment itself: nobody takes the places of others. */
const maxProviders = 10
const maxGroupRoles = 500

export type Providers = ReturnType<typeof openProviders>

/** What log-in by a provider takes. */
export function openProviders({ database, key }: Pick<Parts, 'database' | 'key'>) {
  return {
    async providerOf(name: string): Promise<ProviderRow | 'absent'> {
      const row = await database
        .selectFrom('identity_provider')
        .selectAll()
        .where('name', '=', name)
        .where('removed_at', 'is', null)
        .executeTakeFirst()
      if (!row) return 'absent'
      await database.authority.vouch('identity_provider', [row], { name, removed_at: null })
      return row
    },

    async opened(row: ProviderRow): Promise<Provider> {
      const secret =
        row.secret_sealed === null ? null : await unseal(key, sealedAt(row.id), row.secret_sealed)
      return { id: row.id, settings: settingsOf(row), secret }
    },
  }
}

/** Identity providers of the deployment, for its admins, and of an organisation, for its own; and what their groups may. */
export const providerTable = (parts: Parts) => ({
  ...configuredEntries(parts),
  ...endingEntries(parts),
  ...groupEntries(parts),
})

/** An organisation's providers are its admins'; those of the deployment its own. */
const governing = (organisation: string | null): Permission =>
  organisation === null
    ? { action: 'organisation.appoint', resource: { kind: 'deployment' }, key: null }
    : { action: 'project.appoint', resource: { kind: 'organisation', organisation }, key: null }

/** A provider of an organisation that the caller does not see is as one that is not there. */
const onProvider = (parts: Parts) => ({
  async find({ name }: { readonly name: string }): Promise<Outcome<ProviderRow>> {
    const row = await openProviders(parts).providerOf(name)
    return row === 'absent' ? absentProvider() : accept(row)
  },
  permissions: ({ organisation_id }: ProviderRow): readonly Permission[] => [
    { ...governing(organisation_id), unseen: absentProvider() },
  ],
})

function configuredEntries(parts: Parts) {
  const { database, key, check, now } = parts
  const { opened } = openProviders(parts)

  return {
    /** Asks the provider for its own description first. */
    addProvider: entry({
      ...changesAlone,
      // Whoever comes in by it is new here.
      touches: nobody,
      name: 'sign-on.add-provider',
      input: { name: slugText, organisation: place, settings: newSettings, secret },
      async find({ organisation = null }): Promise<Outcome<string | null>> {
        if (organisation === null) return accept(null)
        const found = await inOrganisation(database, 'project.appoint').find({ organisation })
        return found.ok ? accept(organisation) : found
      },
      permissions: (organisation) => [governing(organisation)],
      secondFactor: true,
      fits: ({ input: { name, settings } }) =>
        slug.test(name)
          ? checkSettings(settings)
          : refuse('NAME-MALFORMED', 'a provider’s name is 1 to 32 of a-z, 0-9, and - between'),
      async run({ found: organisation, input }): Promise<Outcome<ShownProvider>> {
        const { name } = input
        const id = randomUUID()
        const { settings, secret } = await wholeOf(input)
        const usable = await check({ id, settings, secret })
        if (!usable.ok) return usable
        return database.change(async (work) => {
          // One at a time for each tenant: nobody counts past the most.
          const tenant = `identity providers of ${organisation ?? 'the deployment'}`
          await sql`select pg_advisory_xact_lock(hashtextextended(${tenant}, 0))`.execute(work)
          const { count } = await work
            .selectFrom('identity_provider')
            .select(({ fn }) => fn.countAll<string>().as('count'))
            .where('organisation_id', organisation === null ? 'is' : '=', organisation)
            .where('removed_at', 'is', null)
            .executeTakeFirstOrThrow()
          if (Number(count) >= maxProviders)
            return refuse(
              'CREDENTIALS-FULL',
              `an organisation, and the deployment, has at most ${maxProviders} identity providers`,
            )
          const made = await work.authority.insertUnlessTaken('identity_provider', {
            id,
            name,
            organisation_id: organisation,
            kind: settings.kind,
            settings: JSON.stringify(settings),
            secret_sealed: secret === null ? null : await seal(key, sealedAt(id), secret),
          })
          return made === 'taken'
            ? refuse('SIGN-ON-NAME-TAKEN', `there is an identity provider ${name}`)
            : accept({ name, organisation, settings, roles: [] })
        })
      },
    }),

    /** Its members, their roles and its SCIM token stay. Asks the provider for its own description first. */
    changeProvider: entry({
      ...changesAlone,
      ...onProvider(parts),
      name: 'sign-on.change-provider',
      input: { name: slugText, settings: Type.Optional(changedSettings), secret },
      secondFactor: true,
      fits: ({ found, input: { settings = {}, secret = null } }) =>
        changed(settingsOf(found), settings, secret),
      // Whom it names by then is who comes in.
      touches: async (_, { found }) => (await membersOf(database, found.id)).map((takes) => ({ takes })),
      async run({ found: row, fitting: settings, input }): Promise<Outcome<ShownProvider>> {
        const secret = input.secret ?? (await opened(row)).secret
        const usable = await check({ id: row.id, settings, secret })
        if (!usable.ok) return usable
        const sealed = input.secret ? { secret_sealed: await seal(key, sealedAt(row.id), input.secret) } : {}
        const made = await database.change((work) =>
          work.authority.update(
            'identity_provider',
            (its) =>
              its
                .where('id', '=', row.id)
                .where('removed_at', 'is', null)
                .where('settings', '=', JSON.stringify(row.settings)),
            { settings: JSON.stringify(settings), ...sealed },
          ),
        )
        if (made.length === 0)
          return refuse('SIGN-ON-PROVIDER', 'somebody else changed or removed it meanwhile')
        return accept(await shown(database, { ...row, settings }))
      },
    }),

    listProviders: entry({
      ...reads,
      ...ofOneself,
      name: 'sign-on.list-providers',
      input: {},
      async run({ call }): Promise<Outcome<readonly ShownProvider[]>> {
        const rows = await database
          .selectFrom('identity_provider')
          .selectAll()
          .where('removed_at', 'is', null)
          .orderBy('name')
          .execute()
        const seen = rows.filter((row) => permit(call.caller, governing(row.organisation_id), false).ok)
        return accept(await Promise.all(seen.map((row) => shown(database, row))))
      },
    }),
  }

  type New = { readonly name: string; readonly settings: NewSettings; readonly secret?: string | null }
  async function wholeOf({ name, settings, secret = null }: New) {
    if (settings.kind === 'oidc') return { settings, secret }
    const { certificate, key: own } = await makeServiceKey(name, now())
    return { settings: { ...settings, certificate }, secret: own }
  }
}

/** By a provider its members come in, and without it they do not. */
function endingEntries(parts: Parts) {
  const { database, now } = parts
  const ofProvider = { ...changesAlone, ...onProvider(parts), touches: nobody, input: { name: slugText } }

  async function setToken(provider: string, hash: Buffer | null): Promise<void> {
    await database.change((work) =>
      work.authority.update(
        'identity_provider',
        { id: provider },
        { scim_token_hash: hash, scim_token_made_at: hash === null ? null : now() },
      ),
    )
  }

  return {
    /** For ever: its members are nobody here from then on. */
    removeProvider: entry({
      ...ofProvider,
      name: 'sign-on.remove-provider',
      secondFactor: true,
      touches: async (_, { found }) =>
        (await rolesOf(database, found.id)).map(({ group, grant }) => ({
          ends: grant,
          of: `group ${JSON.stringify(group)} of ${found.name}`,
        })),
      async run({ found: { id } }) {
        await database.change(async (work) => {
          await work.authority.update(
            'identity_provider',
            { id },
            { removed_at: now(), secret_sealed: null, scim_token_hash: null },
          )
          for (const member of await membersOf(work, id)) await deactivate(work, member, now())
          await work.authority.remove('group_role', { provider_id: id })
          await work.deleteFrom('sign_on_attempt').where('provider_id', '=', id).execute()
        })
        return accept(null)
      },
    }),

    /** Another SCIM token, shown once; the previous one ends. */
    makeScimToken: entry({
      ...ofProvider,
      name: 'sign-on.make-scim-token',
      secondFactor: true,
      async run({ found }) {
        const token = randomBytes(32).toString('base64url')
        await setToken(found.id, hashSecret(token))
        return accept({ token })
      },
    }),

    revokeScimToken: entry({
      ...ofProvider,
      name: 'sign-on.revoke-scim-token',
      async run({ found }) {
        await setToken(found.id, null)
        return accept(null)
      },
    }),
  }
}

/** What the members of a group may. */
function groupEntries(parts: Parts) {
  const { database } = parts
  const appointing = { ...changesAlone, secondFactor: true }
  const group = Type.String({ minLength: 1, maxLength: 256 })

  return {
    /** A group's members have this role from now on. */
    addGroupRole: entry({
      ...appointing,
      name: 'sign-on.add-group-role',
      input: { provider: slugText, group, grant },
      find: ({ grant }) => placesOf(database, [grantOf(grant)], parts.now()),
      permissions: (places) => places.map((gives) => ({ gives })),
      async fits({ input: { provider, group, grant } }) {
        const row = await onProvider(parts).find({ name: provider })
        if (!row.ok) return row
        const { organisation_id } = row.value
        if (organisation_id !== null && organisation_id !== grantOf(grant).organisation)
          return refuse('GRANT-REFUSED', 'an organisation’s identity provider gives roles in it alone')
        return group.length === 0 || group.length > 256
          ? refuse('NAME-MALFORMED', 'a group’s name is 1 to 256 characters')
          : row
      },
      touches: ({ provider, group, grant }) => [
        { gives: grantOf(grant), to: `group ${JSON.stringify(group)} of ${provider}` },
      ],
      async run({ fitting: provider, input }): Promise<Outcome<GroupRole>> {
        const { group } = input
        const grant = grantOf(input.grant)
        return database.change(async (work) => {
          const there = await work
            .selectFrom('group_role')
            .select('id')
            .where('provider_id', '=', provider.id)
            .execute()
          if (there.length >= maxGroupRoles)
            return refuse('CREDENTIALS-FULL', `an identity provider gives at most ${maxGroupRoles} roles`)
          const id = randomUUID()
          const made = await work.authority.insertUnlessTaken('group_role', {
            id,
            provider_id: provider.id,
            group_name: group,
            role: grant.role,
            organisation_id: grant.organisation,
            project_id: grant.project,
            conditions: grant.conditions ? JSON.stringify(grant.conditions) : null,
          })
          if (made === 'taken') return refuse('GRANT-REFUSED', 'the group gives this role there already')
          await regrantMembers(work, provider.id)
          return accept({ id, group, grant })
        })
      },
    }),

    /** A group's members have the role no more, by who gives it or who governs the provider. Again, it changes nothing. */
    removeGroupRole: entry({
      ...appointing,
      name: 'sign-on.remove-group-role',
      input: { provider: slugText, id },
      async find({ provider: name, id }) {
        const row = await onProvider(parts).find({ name })
        if (!row.ok) return row
        const role = (await rolesOf(database, row.value.id)).find((one) => one.id === id)
        const gives = role === undefined ? null : await placeOf(database, role.grant)
        return accept({ row: row.value, places: gives?.ok ? [gives.value] : [] })
      },
      permissions: ({ row, places }) => [
        {
          either: [
            ...places.map((gives) => ({ gives })),
            { ...governing(row.organisation_id), unseen: absentProvider() },
          ],
        },
      ],
      touches: async ({ id }, { found }) =>
        (await rolesOf(database, found.row.id))
          .filter((one) => one.id === id)
          .map(({ group, grant }) => ({
            ends: grant,
            of: `group ${JSON.stringify(group)} of ${found.row.name}`,
          })),
      async run({ found: { row }, input: { id } }) {
        await database.change(async (work) => {
          await work.authority.remove('group_role', { id, provider_id: row.id })
          await regrantMembers(work, row.id)
        })
        return accept(null)
      },
    }),
  }
}

async function membersOf(work: SealedDatabase, provider: string): Promise<string[]> {
  const rows = await work
    .selectFrom('member')
    .select('identity_id')
    .where('provider_id', '=', provider)
    .orderBy('identity_id')
    .execute()
  return rows.map(({ identity_id }) => identity_id)
}

async function regrantMembers(work: Parameters<typeof regrant>[0], provider: string): Promise<void> {
  for (const member of await membersOf(work, provider)) await regrant(work, member)
}

async function rolesOf(database: SealedDatabase, provider: string): Promise<GroupRole[]> {
  const rows = await database
    .selectFrom('group_role')
    .selectAll()
    .where('provider_id', '=', provider)
    .orderBy('group_name')
    .orderBy('id')
    .execute()
  return rows.map(({ id, group_name: group, role, organisation_id, project_id, conditions }) => ({
    id,
    group,
    grant: {
      role,
      organisation: organisation_id,
      project: project_id,
      // What was checked when it was given.
      ...(conditions ? { conditions: conditions as Conditions } : {}),
    },
  }))
}

async function shown(database: SealedDatabase, row: ProviderRow): Promise<ShownProvider> {
  const { id, name, organisation_id: organisation } = row
  return { name, organisation, settings: settingsOf(row), roles: await rolesOf(database, id) }
}

const sealedAt = (id: string): string => `identity provider ${id}`

/** What `addProvider` checked. */
const settingsOf = ({ settings }: ProviderRow): Settings => settings as Settings

export const absentProvider = () => refuse('SIGN-ON-PROVIDER', 'there is no such identity provider')

/** Refuses SIGN-ON-SETTINGS. */
function checkSettings(settings: NewSettings): Outcome<null> {
  const wrong = (what: string) => refuse('SIGN-ON-SETTINGS', what)
  if (settings.kind === 'saml') {
    if (!isHttps(settings.entryPoint)) return wrong('entryPoint is an https address')
    const { certificates } = settings
    return certificates.length > 0 && certificates.every((one) => parsed(one) !== null)
      ? accept(null)
      : wrong('certificates are what the provider signs with, in PEM')
  }
  if (!isHttps(settings.issuer)) return wrong('issuer is an https address')
  const { ca } = settings
  return ca === undefined || parsed(ca)?.ca ? accept(null) : wrong('ca is the certificate of a CA in PEM')
}

const changeable: { readonly [kind in Settings['kind']]: readonly string[] } = {
  oidc: ['groupsClaim', 'scopes', 'acr', 'amr', 'ca'],
  saml: ['entryPoint', 'certificates', 'groupsAttribute', 'acr'],
}
const needed: readonly string[] = ['entryPoint', 'certificates']

/** Refuses SIGN-ON-SETTINGS. */
function changed(old: Settings, settings: ChangedSettings, secret: string | null): Outcome<Settings> {
  const given = Object.entries(settings)
  const other = given.find(([name]) => !changeable[old.kind].includes(name))
  if (other) return refuse('SIGN-ON-SETTINGS', `a provider by ${old.kind} has no ${other[0]}`)
  const lost = given.find(([name, value]) => value === null && needed.includes(name))
  if (lost) return refuse('SIGN-ON-SETTINGS', `a provider by ${old.kind} has to have ${lost[0]}`)
  if (old.kind === 'saml' && secret !== null)
    return refuse('SIGN-ON-SETTINGS', 'a provider by saml has no client secret')
  const kept = Object.entries(old).filter(([name]) => !given.some(([one]) => one === name))
  const all = Object.fromEntries([...kept, ...given.filter(([, value]) => value !== null)])
  // Of the same kind still; whether what it needs is there is looked at next.
  const wanted = all as Settings
  const sound = checkSettings(wanted)
  return sound.ok ? accept(wanted) : sound
}

function isHttps(text: string): boolean {
  try {
    const { protocol, username, password } = new URL(text)
    return protocol === 'https:' && username === '' && password === ''
  } catch {
    return false
  }
}

function parsed(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}
