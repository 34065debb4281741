import { randomUUID, X509Certificate } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { openAppointing } from '../access/appointing.ts'
import { authorize, type Grant, provedLately, type Resource } from '../access/authorize.ts'
import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { IdentityProviderTable } from '../platform/database/tables.ts'
import { type SealingKey, seal, unseal } from '../platform/sealed.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { deactivate, regrant } from './members.ts'
import type { OidcSettings, Provider, SamlSettings, Settings } from './protocol.ts'
import { makeServiceKey } from './service-key.ts'

export type NewProvider = {
  readonly name: string
  /** Null: of the whole deployment. */
  readonly organisation: string | null
  readonly settings: NewSettings
  /** Of an OpenID Connect client. */
  readonly secret: string | null
}

export type NewSettings = OidcSettings | Omit<SamlSettings, 'certificate'>

/** What stays is who the provider is, since its subjects are people here; null takes away what need not be. */
export type ProviderChange = {
  readonly settings: Partial<Pick<SamlSettings, 'entryPoint' | 'certificates'>> & {
    readonly [name in 'groupsClaim' | 'scopes' | 'amr' | 'ca']?: OidcSettings[name] | null
  } & {
    readonly [name in 'groupsAttribute' | 'acr']?: SamlSettings[name] | null
  }
  /** Of an OpenID Connect client; null: as it is. */
  readonly secret: string | null
}

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
  readonly database: Database
  readonly record: Record
  readonly key: SealingKey
  check(provider: Provider): Promise<Outcome<null>>
  now(): Date
}

const slug = /^[a-z0-9](?:-?[a-z0-9]){0,31}$/
/** Of each organisation, and of the deployment itself: nobody takes the places of others. */
const maxProviders = 10
const maxGroupRoles = 500

export type ProviderOperations = ReturnType<typeof openProviderOperations>

/** Identity providers of the deployment, for its admins, and of an organisation, for its own; and what their groups may. */
export function openProviderOperations({ database, record, key, check, now }: Parts) {
  const { mayGive, mayTake } = openAppointing(database)

  return {
    /** Asks the provider for its own description first. */
    addProvider(call: Call, wanted: NewProvider): Promise<Outcome<ShownProvider>> {
      return record(call, 'sign-on.add-provider', async (subject) => {
        const { name, organisation } = wanted
        subject.organisation = organisation
        const placed = mayAdd(call, organisation)
        const allowed = placed.ok ? provedLately(call.caller) : placed
        if (!allowed.ok) return allowed
        if (!slug.test(name))
          return refuse('NAME-MALFORMED', 'a provider’s name is 1 to 32 of a-z, 0-9, and - between')
        const sound = checkSettings(wanted.settings)
        if (!sound.ok) return sound
        const { settings, secret } = await wholeOf(wanted)
        const id = randomUUID()
        const usable = await check({ id, settings, secret })
        if (!usable.ok) return usable
        return database.transaction().execute(async (work) => {
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
          const made = await work
            .insertInto('identity_provider')
            .values({
              id,
              name,
              organisation_id: organisation,
              kind: settings.kind,
              settings: JSON.stringify(settings),
              secret_sealed: secret === null ? null : await seal(key, `identity provider ${id}`, secret),
            })
            .onConflict((conflict) => conflict.column('name').where('removed_at', 'is', null).doNothing())
            .executeTakeFirst()
          return Number(made.numInsertedOrUpdatedRows) === 0
            ? refuse('SIGN-ON-NAME-TAKEN', `there is an identity provider ${name}`)
            : accept({ name, organisation, settings, roles: [] })
        })
      })
    },

    /** Its members, their roles and its SCIM token stay. Asks the provider for its own description first. */
    changeProvider(
      call: Call,
      { name, change }: { name: string; change: ProviderChange },
    ): Promise<Outcome<ShownProvider>> {
      return record(call, 'sign-on.change-provider', async (subject) => {
        const row = await providerOf(name)
        if (row === 'absent') return absentProvider()
        subject.organisation = row.organisation_id
        const allowed = mayChange(call, row.organisation_id)
        if (!allowed.ok) return allowed
        const wanted = changedSettings(settingsOf(row), change)
        if (!wanted.ok) return wanted
        const settings = wanted.value
        const before = await opened(row)
        const secret = change.secret ?? before.secret
        const usable = await check({ id: row.id, settings, secret })
        if (!usable.ok) return usable
        const made = await database
          .updateTable('identity_provider')
          .set({
            settings: JSON.stringify(settings),
            ...(change.secret === null
              ? {}
              : { secret_sealed: await seal(key, `identity provider ${row.id}`, change.secret) }),
          })
          .where('id', '=', row.id)
          .where('removed_at', 'is', null)
          .where('settings', '=', JSON.stringify(row.settings))
          .executeTakeFirst()
        if (Number(made.numUpdatedRows) === 0)
          return refuse('SIGN-ON-PROVIDER', 'somebody else changed or removed it meanwhile')
        return accept(await shown({ ...row, settings }))
      })
    },

    listProviders(call: Call): Promise<Outcome<readonly ShownProvider[]>> {
      return record(call, 'sign-on.list-providers', async () => {
        const rows = await database
          .selectFrom('identity_provider')
          .selectAll()
          .where('removed_at', 'is', null)
          .orderBy('name')
          .execute()
        const seen = rows.filter((row) => mayGovern(call, row.organisation_id).ok)
        return accept(await Promise.all(seen.map(shown)))
      })
    },

    /** A group's members have this role from now on. */
    addGroupRole(
      call: Call,
      { provider: name, group, grant }: { provider: string; group: string; grant: Grant },
    ): Promise<Outcome<GroupRole>> {
      return record(call, 'sign-on.add-group-role', async (subject) => {
        const given = await mayGive(call, subject, [grant])
        if (!given.ok) return given
        const row = await providerOf(name)
        if (row === 'absent') return absentProvider()
        if (row.organisation_id !== null && row.organisation_id !== grant.organisation)
          return refuse('GRANT-REFUSED', 'an organisation’s identity provider gives roles in it alone')
        if (group.length === 0 || group.length > 256)
          return refuse('NAME-MALFORMED', 'a group’s name is 1 to 256 characters')
        return database.transaction().execute(async (work) => {
          const there = await work
            .selectFrom('group_role')
            .select('id')
            .where('provider_id', '=', row.id)
            .execute()
          if (there.length >= maxGroupRoles)
            return refuse('CREDENTIALS-FULL', `an identity provider gives at most ${maxGroupRoles} roles`)
          const id = randomUUID()
          const made = await work
            .insertInto('group_role')
            .values({
              ...{ id, provider_id: row.id, group_name: group, role: grant.role },
              ...{ organisation_id: grant.organisation, project_id: grant.project },
              conditions: grant.conditions ? JSON.stringify(grant.conditions) : null,
            })
            .onConflict((conflict) => conflict.doNothing())
            .executeTakeFirst()
          if (Number(made.numInsertedOrUpdatedRows) === 0)
            return refuse('GRANT-REFUSED', 'the group gives this role there already')
          await regrantMembers(work, row.id)
          return accept({ id, group, grant })
        })
      })
    },

    /** A group's members have the role no more. Again, it changes nothing. */
    removeGroupRole(
      call: Call,
      { provider: name, id }: { provider: string; id: string },
    ): Promise<Outcome<null>> {
      return record(call, 'sign-on.remove-group-role', async (subject) => {
        const row = await providerOf(name)
        if (row === 'absent') return absentProvider()
        const found = (await rolesOf(row.id)).find((one) => one.id === id)
        if (found === undefined) {
          const allowed = mayGovern(call, row.organisation_id)
          return allowed.ok ? accept(null) : allowed
        }
        const given = await mayTake(call, subject, found.grant)
        // Taking it wants a second factor as giving it does, by whichever right.
        const governs = given.ok ? given : mayChange(call, row.organisation_id)
        if (!governs.ok) return governs
        await database.transaction().execute(async (work) => {
          await work.deleteFrom('group_role').where('id', '=', id).execute()
          await regrantMembers(work, row.id)
        })
        return accept(null)
      })
    },

    /** For ever: its members are nobody here from then on. */
    removeProvider(call: Call, name: string): Promise<Outcome<null>> {
      return record(call, 'sign-on.remove-provider', async (subject) => {
        const row = await providerOf(name)
        if (row === 'absent') return absentProvider()
        subject.organisation = row.organisation_id
        const allowed = mayChange(call, row.organisation_id)
        if (!allowed.ok) return allowed
        await database.transaction().execute(async (work) => {
          await work
            .updateTable('identity_provider')
            .set({ removed_at: now(), secret_sealed: null, scim_token_hash: null })
            .where('id', '=', row.id)
            .execute()
          for (const member of await membersOf(work, row.id)) await deactivate(work, member, now())
          await work.deleteFrom('group_role').where('provider_id', '=', row.id).execute()
          await work.deleteFrom('sign_on_attempt').where('provider_id', '=', row.id).execute()
        })
        return accept(null)
      })
    },

    providerOf,
    mayGovern,

    opened,
  }

  /** What log-in by it takes. */
  async function opened(row: ProviderRow): Promise<Provider> {
    const secret =
      row.secret_sealed === null ? null : await unseal(key, `identity provider ${row.id}`, row.secret_sealed)
    return { id: row.id, settings: settingsOf(row), secret }
  }

  async function wholeOf({
    name,
    settings,
    secret,
  }: NewProvider): Promise<{ readonly settings: Settings; readonly secret: string | null }> {
    if (settings.kind === 'oidc') return { settings, secret }
    const { certificate, key: own } = await makeServiceKey(name, now())
    return { settings: { ...settings, certificate }, secret: own }
  }

  async function providerOf(name: string): Promise<ProviderRow | 'absent'> {
    const row = await database
      .selectFrom('identity_provider')
      .selectAll()
      .where('name', '=', name)
      .where('removed_at', 'is', null)
      .executeTakeFirst()
    return row ?? 'absent'
  }

  async function membersOf(work: Database, provider: string): Promise<string[]> {
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

  async function rolesOf(provider: string): Promise<GroupRole[]> {
    const rows = await database
      .selectFrom('group_role')
      .selectAll()
      .where('provider_id', '=', provider)
      .orderBy('group_name')
      .orderBy('id')
      .execute()
    return rows.map(
      ({ id, group_name, role, organisation_id: organisation, project_id: project, conditions }) => ({
        ...{ id, group: group_name },
        // What was checked when it was given.
        grant: { role, organisation, project, ...(conditions ? { conditions } : {}) } as Grant,
      }),
    )
  }

  async function shown(row: ProviderRow): Promise<ShownProvider> {
    const { id, name, organisation_id: organisation } = row
    return { name, organisation, settings: settingsOf(row), roles: await rolesOf(id) }
  }
}

/** An organisation's providers are its admins'; those of the deployment its own. */
function mayAdd(call: Call, organisation: string | null): Outcome<null> {
  const resource: Resource =
    organisation === null ? { kind: 'deployment' } : { kind: 'organisation', organisation }
  return authorize(call.caller, organisation === null ? 'organisation.appoint' : 'project.appoint', resource)
}

/** A provider of an organisation that the caller does not see is as one that is not there. */
function mayGovern(call: Call, organisation: string | null): Outcome<null> {
  const allowed = mayAdd(call, organisation)
  return !allowed.ok && allowed.rule === 'OBJECT-ABSENT' ? absentProvider() : allowed
}

/** By a provider its members come in, and without it they do not. */
function mayChange(call: Call, organisation: string | null): Outcome<null> {
  const allowed = mayGovern(call, organisation)
  return allowed.ok ? provedLately(call.caller) : allowed
}

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
function changedSettings(old: Settings, { settings, secret }: ProviderChange): Outcome<Settings> {
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
