import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { acceptState } from '../../src/commands/accept-state.ts'
import { destroyReplacedRoot } from '../../src/commands/destroy-root.ts'
import { openGiven } from '../../src/commands/given-file.ts'
import { addKmipClient, endKmipClient, letPlainKeys } from '../../src/commands/kmip-clients.ts'
import { importBundle, makeFirstAdmin, makeIdentity, rotateKek } from '../../src/commands/operator.ts'
import { askOfficers, handIn, stopOverride } from '../../src/commands/override.ts'
import { writeReport } from '../../src/commands/report.ts'
import {
  addProvider,
  addSamlProvider,
  allowGroup,
  changeProvider,
  disallowGroup,
  newScimToken,
  removeProvider,
  requireProviders,
} from '../../src/commands/sign-on.ts'
import type { Outcome } from '../../src/refusal.ts'
import { openHttp } from '../support/http-under-test.ts'

type Command = {
  readonly command: string
  run(): Promise<Outcome<unknown>>
  /** Operation and outcome of each entry that it leaves. */
  readonly entries: readonly (readonly [string, string])[]
}

/** Commands that hold the state and change no row that an operation of the server changes. */
const others = {
  card: 'a transport key, a file of the state folder',
  trust: 'a pinned policy, a file of the state folder',
  'retain-audit': 'in a chain of its own, as the owner of the database',
  migrate: 'as the owner of the database',
}

test('AUDIT-COMMAND every command that changes something leaves one entry for each operation, a refusal too', {
  timeout: 180_000,
}, async () => {
  const http = await openHttp('commands')
  const { state, bundle } = http
  const { database } = http.server.services
  try {
    const file = join(state.root, 'bundle.zip')
    await writeFile(file, bundle.bytes)
    let fingerprint = ''
    const of = { project: 'payments', name: 'n' }
    const issue = (wanted: object = {}) => {
      const out = join(state.root, `${Object.keys(wanted).length}.pem`)
      return addKmipClient(state, { ...of, roles: ['service'], days: 9, out, ...wanted })
    }
    const commands: readonly Command[] = [
      {
        command: 'import',
        run: async () => importBundle(state, await openGiven(file), null),
        entries: [['bundle.import', 'ok']],
      },
      {
        command: 'identity create',
        run: () => makeIdentity(state, { ...of, roles: ['user'] }),
        entries: [['identity.create', 'ok']],
      },
      {
        command: 'identity create',
        run: () => makeIdentity(state, { ...of, roles: ['user'], ttl: 5 }),
        entries: [['identity.create', 'REQUEST-FIELDS']],
      },
      {
        command: 'kmip client issue',
        run: async () => {
          const made = await issue()
          if (made.ok) fingerprint = made.value.fingerprint
          return made
        },
        entries: [
          ['identity.create', 'ok'],
          ['kmip-client.register', 'ok'],
        ],
      },
      {
        command: 'kmip client issue',
        run: () => issue({ roles: ['service', 'service'] }),
        entries: [['identity.create', 'GRANT-REFUSED']],
      },
      {
        command: 'kmip client issue',
        run: () => issue({ identity: 'nobody', days: 8 }),
        entries: [['kmip-client.register', 'IDENTITY-ABSENT']],
      },
      {
        command: 'kmip client revoke',
        run: () => endKmipClient(state, fingerprint),
        entries: [['kmip-client.revoke', 'ok']],
      },
      {
        command: 'kmip plain-keys',
        run: () => letPlainKeys(state, { project: 'payments', allowed: 'wrapped' }),
        entries: [['project.let-plain-keys', 'ok']],
      },
      {
        command: 'sign-on add',
        run: () =>
          addProvider(state, {
            name: 'corp',
            issuer: 'https://127.0.0.1',
            clientId: 'c',
            scope: [],
            acr: [],
            amr: [],
          }),
        entries: [['sign-on.add-provider', 'PROVIDER-ADDRESS']],
      },
      {
        command: 'sign-on add-saml',
        run: () => {
          const saml = { entityId: 'e', entryPoint: 'https://id.example', certificate: [], acr: [] }
          return addSamlProvider(state, { name: 'office', ...saml })
        },
        entries: [['sign-on.add-provider', 'SIGN-ON-SETTINGS']],
      },
      {
        command: 'sign-on change',
        run: () =>
          changeProvider(state, 'corp', { scope: [], acr: [], amr: [], certificate: [], without: ['ca'] }),
        entries: [['sign-on.change-provider', 'SIGN-ON-PROVIDER']],
      },
      {
        command: 'sign-on require',
        run: () => requireProviders(state, true),
        entries: [['sign-on.require', 'BREAK-GLASS-NONE']],
      },
      {
        command: 'sign-on scim-token',
        run: () => newScimToken(state, 'corp'),
        entries: [['sign-on.make-scim-token', 'SIGN-ON-PROVIDER']],
      },
      {
        command: 'sign-on allow',
        run: () => allowGroup(state, { provider: 'corp', group: 'g', role: 'auditor', project: 'payments' }),
        entries: [['sign-on.add-group-role', 'SIGN-ON-PROVIDER']],
      },
      {
        command: 'sign-on disallow',
        run: () => disallowGroup(state, { provider: 'corp', id: 'r' }),
        entries: [['sign-on.remove-group-role', 'SIGN-ON-PROVIDER']],
      },
      {
        command: 'sign-on remove',
        run: () => removeProvider(state, 'corp'),
        entries: [['sign-on.remove-provider', 'SIGN-ON-PROVIDER']],
      },
      {
        command: 'override ask',
        run: () => askOfficers(state, randomUUID(), join(state.root, 'ask.json')),
        entries: [['approval.ask-officers', 'OBJECT-ABSENT']],
      },
      {
        command: 'override hand-in',
        run: () => handIn(state, randomUUID(), []),
        entries: [['approval.override', 'OBJECT-ABSENT']],
      },
      {
        command: 'override stop',
        run: () => stopOverride(state, randomUUID()),
        entries: [['approval.stop-override', 'OBJECT-ABSENT']],
      },
      {
        command: 'rotate-kek',
        run: () => rotateKek(state, { project: 'payments' }),
        entries: [['project.rotate-kek', 'ok']],
      },
      {
        command: 'rotate-kek',
        run: () => rotateKek(state, 'root'),
        entries: [['root.rotate', 'ROOT-ROTATION']],
      },
      {
        command: 'destroy-root',
        run: () =>
          destroyReplacedRoot(state, {
            root: '0'.repeat(32),
            bundles: [],
            out: join(state.root, 'root-receipt.json'),
          }),
        entries: [['root.destroy', 'OBJECT-ABSENT']],
      },
      {
        command: 'admin create',
        run: () => makeFirstAdmin(state, { username: 'ada', name: 'Ada' }),
        entries: [['deployment.set-up', 'ok']],
      },
      {
        command: 'admin create',
        run: () => makeFirstAdmin(state, { username: 'gr ace', name: 'Grace' }),
        entries: [['deployment.set-up', 'NAME-MALFORMED']],
      },
      {
        command: 'report',
        run: () =>
          writeReport(state, {
            framework: 'pci-dss',
            period: {},
            out: join(state.root, 'report.json'),
            pdf: null,
          }),
        entries: [['compliance.report', 'ok']],
      },
      {
        command: 'report',
        run: () =>
          writeReport(state, {
            framework: 'pci-dss',
            out: join(state.root, 'other.json'),
            pdf: null,
            period: { from: new Date('2026-02-01T00:00:00Z'), to: new Date('2026-01-01T00:00:00Z') },
          }),
        entries: [['compliance.report', 'REQUEST-FIELDS']],
      },
      {
        command: 'accept-state',
        async run() {
          // A row that the server did not write, and a PIN that is not the token's.
          await sql`update project set plain_export = not plain_export`.execute(database)
          const done = await acceptState(
            state,
            () => undefined,
            async () => Buffer.from('0'),
          )
          await sql`update project set plain_export = not plain_export`.execute(database)
          return done
        },
        entries: [['authority.accept-state', 'ACCEPT-PIN']],
      },
    ]
    const entries = () =>
      database
        .selectFrom('audit')
        .select(['operation', 'outcome'])
        .where('identity_id', '=', 'operator of this machine')
        .orderBy('time')
        .execute()
    for (const { command, run, entries: wanted } of commands) {
      const before = (await entries()).length
      const outcome = await run()
      const after = (await entries()).slice(before)
      expect([command, ...after.map((one) => [one.operation, one.outcome])]).toEqual([command, ...wanted])
      expect(outcome.ok ? 'ok' : outcome.rule).toBe(wanted.at(-1)?.[1])
    }
    const cli = await readFile(new URL('../../src/cli.ts', import.meta.url), 'utf8')
    const held = [...cli.matchAll(/\balone\(\s*state, ['`]([^'`$]+)/g)].map(([, name]) => name?.trim())
    expect(held.toSorted()).toEqual(
      [...new Set(commands.map(({ command }) => command)), ...Object.keys(others)].toSorted(),
    )
  } finally {
    await http.close()
  }
})
