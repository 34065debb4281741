import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { escapedUnits, withoutHidden } from '@lux/crypto/text'
import { protectProcess } from '@lux/hsm/protect'
import { completionScript, manualPage, type Shell, shells } from '@lux/node-files/command-line'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { PlainKeys } from './access/organisations.ts'
import { deploymentRoles, projectRoles, roles } from './access/role-names.ts'
import type { OtherState } from './commands/accept-state.ts'
import { openGiven, readGiven } from './commands/given-file.ts'
import type { OperatorOptions, PluginOptions } from './commands/kubernetes.ts'
import type { IdentityOptions, RotationOf } from './commands/operator.ts'
import {
  exit,
  linesOf,
  wrongUse as refuseUse,
  report,
  running as run,
  say,
  stopSignal,
} from './commands/result.ts'
import type { ChangeOptions, GroupOptions, ProviderOptions, SamlOptions } from './commands/sign-on.ts'
import type { Listen } from './commands/start.ts'
import { type FrameworkId, frameworkIds } from './compliance/frameworks.ts'
import { guardContainer } from './platform/container.ts'
import { checkEnvironment, variable, variables } from './platform/environment.ts'
import { type StateFolder, stateFolder } from './platform/state-folder/folder.ts'
import { mustBeNew, writeNew } from './platform/state-folder/private-file.ts'
import type { KnownCard } from './platform/state-folder/server-card.ts'
import { findSettings, readSettings } from './platform/state-folder/settings.ts'
import { holdingState } from './platform/state-folder/state-lock.ts'
import { accept, refuse } from './refusal.ts'
import { optionalSettings } from './sign-on/protocol.ts'

// What a command works with is loaded when it is given: help and completion load none of it.

// The token's PIN and unwrapped keys are in this process.
protectProcess()

/** As package.json says it, which lies beside the sources in a checkout, a package and the image. */
function programVersion(): string {
  const said: { version?: unknown } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return typeof said.version === 'string' ? said.version : '0.0.0'
}

const program = new Command('custody-server')
  .description('Takes signed ceremony bundles in and serves their keys.')
  .option('--state <dir>', "the server's state folder (default: LUX_SERVER_STATE or ./server-state)")
  .option('--json', 'one JSON document on stdout', false)
  .version(programVersion(), '--version', 'the version of this server')
  .exitOverride()
  // What is wrong with a command is said once, below, as every other refusal.
  .configureOutput({ outputError: () => undefined })
  .addHelpText(
    'after',
    `
Exit codes: 0 done or accepted, 1 refused (the rule is named), 2 wrong use, 3 the environment failed (token, disk,
database). The result is on stdout, with --json as one JSON document, failures too; everything else is on stderr.
The token's PIN comes from a file of mode 0600, never from an argument.

Start here:
  $ custody-server --state server init --domain rehearsal --soft-token
  $ custody-server --state server card --card-out card.json --transport-out transport.json`,
  )

type Common = { state?: string; json: boolean }
const common = (): Common => program.opts<Common>()
const running = (work: () => Promise<void>): Promise<void> =>
  run(common(), async () => {
    guardContainer()
    await work()
  })
const wrongUse = (detail: string): void => refuseUse(common(), detail)
/** The port that IANA gave KMIP. */
const kmipPort = 5696
const plainKeys = ['no', 'wrapped', 'yes'] as const satisfies readonly PlainKeys[]
const maxPolicy = 1 << 20
const maxCertificate = 1 << 16

/** For a command that writes: one at a time on a server's folder, where there is a server. Throws STATE-BUSY. */
async function alone<T>(state: StateFolder, command: string, work: () => Promise<T>): Promise<T> {
  return (await findSettings(state)) === 'absent' ? work() : holdingState(state, command, work)
}

const folder = (): StateFolder =>
  stateFolder(common().state ?? variable('LUX_SERVER_STATE') ?? 'server-state')

const collected = (value: string, all: string[]): string[] => [...all, value]

/** Null where one is no NAME=VALUE or may not be passed. */
program
  .command('init')
  .description('Make the server: its token, keys and identity card.')
  .option('--state <dir>', "the server's state folder")
  .addOption(new Option('--domain <domain>').choices(['production', 'rehearsal']).makeOptionMandatory())
  .option('--token <uri>', 'a PKCS#11 URI: pkcs11:serial=…?module-path=…')
  .option('--soft-token', 'a new SoftHSM token in the state folder')
  .option('--accept-soft-root', 'for production: the token may be a program, which protects no key')
  .option('--root-key', 'no token: ROOT_ENCRYPTION_KEY is the root; for rehearsals, or where there is no HSM')
  .option('--root-provider <file>', 'no token: the KMS that this file of mode 0600 names seals the root key')
  .option('--env <name=value>', 'a variable that the token’s library reads, many times', collected, [])
  .option('--init-string <text>', 'what the library wants to be told when it starts, as NSS does')
  .option(
    '--pin-file <file>',
    'the user PIN, one line, mode 0600; or pin-source=pin-pad in the URI: at the token’s own pad',
  )
  .action(
    (options: {
      state?: string
      domain: 'production' | 'rehearsal'
      token?: string
      softToken?: true
      acceptSoftRoot?: true
      rootKey?: true
      rootProvider?: string
      env: string[]
      initString?: string
      pinFile?: string
    }) =>
      running(async () => {
        const { chosenToken, initServer, libraryStart } = await import('./commands/init.ts')
        checkEnvironment(process.env)
        const token = chosenToken(options)
        if (token === null)
          return wrongUse('give one of --token URI, --soft-token, --root-key or --root-provider FILE')
        const started = libraryStart(options)
        if (started === null)
          return wrongUse(
            '--env and HSM_ENV take NAME=VALUE, and no variable that changes which code is loaded',
          )
        const outcome = await initServer({
          state: options.state === undefined ? folder() : stateFolder(options.state),
          domain: options.domain,
          acceptSoftRoot: options.acceptSoftRoot ?? false,
          token: typeof token === 'string' || 'provider' in token ? token : { ...token, ...started },
          pinFile:
            options.pinFile ??
            (typeof token === 'string' || 'provider' in token ? null : (variable('HSM_PIN_FILE') ?? null)),
        })
        report(common(), outcome, ({ audience, words }) => [`audience ${audience}`, words.join(' ')])
      }),
  )

program
  .command('card')
  .description("Show the server's card; with --transport-out, make a transport key for one ceremony.")
  .option('--card-out <file>', "write the server's card here, a new file")
  .option('--transport-out <file>', 'make a transport key and write its signed card here, a new file')
  .action((options: { cardOut?: string; transportOut?: string }) =>
    running(async () => {
      const { readCard } = await import('./platform/state-folder/server-card.ts')
      const state = folder()
      const known = await readCard(state)
      const [cardOut, transportOut] = [options.cardOut, options.transportOut].map((path) =>
        path === undefined ? null : resolve(path),
      )
      if (cardOut && cardOut === transportOut) return wrongUse('card and transport card are two files')
      for (const path of [cardOut, transportOut]) if (path) await mustBeNew(path)
      if (cardOut) await writeNew(cardOut, await readFile(state.card), 0o644)
      const transport = transportOut
        ? await alone(state, 'card', () => writeTransport(state, known, transportOut))
        : null
      report(common(), accept({ audience: known.audience, card: state.card, transport }), (value) => [
        `card ${value.card}`,
        `audience ${value.audience}`,
        ...(value.transport === null ? [] : [`transport ${value.transport}`]),
      ])
    }),
  )

async function writeTransport(state: StateFolder, known: KnownCard, out: string): Promise<string> {
  const { openRoot } = await import('./external-kms/provider-root.ts')
  const { makeTransport } = await import('./imports/transports.ts')
  const { transportCodec } = await import('@lux/ceremony/wire')
  const settings = await readSettings(state)
  const token = await openRoot(settings, state)
  try {
    const document = await token.useToken((opened) => makeTransport(opened, state, settings, known))
    await writeNew(out, transportCodec.file.encode(document), 0o644)
    return transportCodec.payload.digest(document.payload)
  } finally {
    await token.close()
  }
}

program
  .command('trust')
  .description('Pin a policy. Compare its words with the sheet that the officers signed.')
  .argument('<policy>')
  .action((path: string) =>
    running(async () => {
      const { pinPolicy } = await import('./platform/state-folder/policies.ts')
      const state = folder()
      const settings = await readSettings(state)
      const policy = await readGiven(path, maxPolicy)
      const outcome = await alone(state, 'trust', () => pinPolicy(state, settings.domain, policy))
      if (outcome.ok && outcome.value.warnings.length > 0) say(outcome.value.warnings)
      report(common(), outcome, ({ digest, words, policy: pinned }) => [
        `pinned version ${pinned.version} of ${pinned.organisation.name} (${pinned.domain})`,
        `digest ${digest}`,
        words.join(' '),
        ...(pinned.domain === 'rehearsal'
          ? ['for this rehearsal alone: another one needs a server folder of its own (init --state DIR)']
          : []),
      ])
    }),
  )

program
  .command('import')
  .description('Take a signed bundle in; the signed receipt or refusal goes to --out.')
  .argument('<bundle>')
  .option('--out <file>', 'write the receipt or refusal here, a new file')
  .action((path: string, options: { out?: string }) =>
    running(async () => {
      const { importBundle } = await import('./commands/operator.ts')
      const bundle = await openGiven(path)
      const state = folder()
      const taken = await alone(state, 'import', () =>
        importBundle(state, bundle, options.out ?? null),
      ).finally(() => bundle.close())
      const outcome = !taken.ok
        ? taken
        : taken.value.state === 'imported'
          ? accept(taken.value.receipt)
          : refuse(taken.value.rule, taken.value.detail)
      report(common(), outcome, ({ payload }) => [`imported ${payload.bundleDigest}`])
    }),
  )

program
  .command('ready')
  .description('Ask the server on this machine whether it can serve keys.')
  .option('--port <port>', 'the port that it listens on', port, 8443)
  .option('--behind-tls-proxy', 'it speaks plain HTTP')
  .action((options: { port: number; behindTlsProxy?: boolean }) =>
    running(async () => {
      const { askReadiness } = await import('./commands/ready.ts')
      const answer = await askReadiness(options.port, options.behindTlsProxy ?? false)
      report(common(), accept(answer), ({ status }) => [status])
    }),
  )

program
  .command('start')
  .description('Serve until Ctrl-C.')
  .option('--host <host>', 'address to listen on', '127.0.0.1')
  .option('--port <port>', 'port, 0 for a free one (default: PORT or 8443)', port)
  .addOption(
    new Option('--kmip [port]', 'KMIP with client certificates on this port, 0 for a free one')
      .preset(String(kmipPort))
      .argParser(port),
  )
  .option('--behind-tls-proxy', 'plain HTTP: a proxy encrypts, and only it reaches this port')
  .action((options: Omit<Listen, 'port' | 'workers'> & { port?: number }) =>
    running(async () => {
      const { chosenWorkers, offerFirstAdmin, rootLine, startServer } = await import('./commands/start.ts')
      checkEnvironment(process.env)
      const stopped = stopSignal()
      const state = folder()
      const server = await startServer(state, {
        ...options,
        workers: await chosenWorkers(state),
        port: options.port ?? Number(variable('PORT') ?? 8443),
      })
      const sealed = server.sealed?.code ?? null
      if (sealed === null) say(await offerFirstAdmin(state, server, process.stderr.isTTY))
      const kmip = server.kmipPort === null ? {} : { kmip: server.kmipPort }
      const { root } = server.services.token
      report(common(), accept({ ready: server.address, root, sealed, ...kmip }), ({ ready }) => [
        `ready: ${ready}${sealed === null ? '' : ` sealed ${sealed}`}`,
        ...rootLine(root),
        ...(server.kmipPort === null ? [] : [`KMIP: port ${server.kmipPort}`]),
      ])
      if (server.sealed !== null) say(['sealed:', ...linesOf(server.sealed)])
      // What is under way is answered first.
      await stopped
      await server.drain()
      await server.close()
      say(['stopped: the database and all processes of this server have ended'])
    }),
  )

const identity = program.command('identity').description('Machine identities.')
identity
  .command('create')
  .description('Make an identity; its secret is shown once.')
  .option('--project <id>', 'the project whose keys it may use')
  .addOption(
    new Option('--role <role>', 'what it may; give it again for another one (default: user)')
      .choices([...projectRoles, ...deploymentRoles])
      .argParser(collectRole),
  )
  .option('--name <name>', 'a name for people', 'identity')
  .option('--ttl <seconds>', 'how long its tokens live', seconds)
  .action((options: Omit<IdentityOptions, 'roles'> & { role?: IdentityOptions['roles'] }) =>
    running(async () => {
      const { makeIdentity } = await import('./commands/operator.ts')
      const { role: roles = ['user'], ...rest } = options
      // A role of a project is looked for among those of the deployment.
      const ofDeployment = roles.some((one) => (deploymentRoles as readonly string[]).includes(one))
      if ((options.project === undefined) !== ofDeployment || (ofDeployment && roles.length > 1)) {
        return wrongUse(
          'operator and server-admin have no --project and no other role; all others need --project',
        )
      }
      const state = folder()
      const made = await alone(state, 'identity create', () => makeIdentity(state, { ...rest, roles }))
      report(common(), made, ({ clientId, clientSecret }) => [
        `clientId ${clientId}`,
        `clientSecret ${clientSecret}`,
      ])
    }),
  )

const kmip = program.command('kmip').description('Clients that speak KMIP, each by a certificate.')
const clients = kmip.command('client').description("Clients' certificates.")
clients
  .command('issue')
  .description('Issue a certificate, or register one, for an identity in a project.')
  .requiredOption('--project <id>', 'the project whose keys it works with')
  .option('--out <file>', 'write a new certificate and its key here, a new file of mode 0600')
  .option('--certificate <file>', 'register this certificate instead: of a CA in KMIP_CLIENT_CA_FILE')
  .option('--identity <id>', 'an identity that there is; else a new one with the roles')
  .addOption(
    new Option('--role <role>', 'of a new identity; again for another (default: service and crypto-officer)')
      .choices([...projectRoles])
      .argParser(collectRole),
  )
  .option('--name <name>', 'a name for people', 'kmip client')
  .option('--days <days>', 'how long a new certificate holds, 1 to 3650', days, 397)
  .action(
    (options: {
      project: string
      out?: string
      certificate?: string
      identity?: string
      role?: IdentityOptions['roles']
      name: string
      days: number
    }) =>
      running(async () => {
        const { addKmipClient } = await import('./commands/kmip-clients.ts')
        const { project, name, out, certificate, identity: known, role: roles } = options
        if ((out === undefined) === (certificate === undefined))
          return wrongUse('give either --out FILE or --certificate FILE')
        if (known !== undefined && roles !== undefined) return wrongUse('give either --identity or --role')
        const given = certificate === undefined ? undefined : await readGiven(certificate, maxCertificate)
        const state = folder()
        const made = await alone(state, 'kmip client issue', () =>
          addKmipClient(state, {
            ...{ project, name, days: options.days, roles: roles ?? ['service', 'crypto-officer'] },
            ...(out === undefined ? {} : { out: resolve(out) }),
            ...(given === undefined ? {} : { certificate: given }),
            ...(known === undefined ? {} : { identity: known }),
          }),
        )
        report(common(), made, (value) => [
          `fingerprint ${value.fingerprint}`,
          `identity ${value.identity}`,
          `expires ${value.expires.toISOString()}`,
        ])
      }),
  )
clients
  .command('revoke')
  .description('Answer this certificate no more, within a second.')
  .argument('<fingerprint>', 'SHA-256 of its public key, hex, as `kmip client list` shows it')
  .action((fingerprint: string) =>
    running(async () => {
      const { endKmipClient } = await import('./commands/kmip-clients.ts')
      const state = folder()
      const ended = await alone(state, 'kmip client revoke', () => endKmipClient(state, fingerprint))
      report(common(), ended, () => [`revoked ${fingerprint}`])
    }),
  )
clients
  .command('list')
  .description('Show the certificates that are registered.')
  .action(() =>
    running(async () => {
      const { showKmipClients } = await import('./commands/kmip-clients.ts')
      report(common(), await showKmipClients(folder()), (all) =>
        all.map(
          (one) =>
            `${one.fingerprint} ${one.project} ${one.identity} ${one.revoked === null ? `until ${one.expires}` : `revoked ${one.revoked}`} ${one.name}`,
        ),
      )
    }),
  )
kmip
  .command('plain-keys')
  .description(
    'Whether new keys of a project may leave in the clear, or wrapped under a client’s keys. With no, none leaves so any more.',
  )
  .requiredOption('--project <id>', 'the project')
  .addOption(new Option('--allow <answer>').choices(plainKeys).makeOptionMandatory())
  .action(({ project, allow }: { project: string; allow: PlainKeys }) =>
    running(async () => {
      const { letPlainKeys } = await import('./commands/kmip-clients.ts')
      const state = folder()
      const made = await alone(state, 'kmip plain-keys', () =>
        letPlainKeys(state, { project, allowed: allow }),
      )
      report(common(), made, () => [`plain keys in ${project}: ${allow}`])
    }),
  )

const callbackLines = ({ name, callback }: { name: string; callback: string | null }): string[] => [
  `identity provider ${name}`,
  ...(callback === null ? ['set PUBLIC_URL before anybody logs in by it'] : [`callback ${callback}`]),
]

const signOn = program
  .command('sign-on')
  .description('Single sign-on: identity providers, and what their groups may.')
signOn
  .command('add')
  .description('Let the members of an OpenID Connect provider log in.')
  .requiredOption('--name <name>', 'what the log-in page calls it: a-z, 0-9 and - between')
  .requiredOption('--issuer <address>', 'its issuer, https')
  .requiredOption('--client-id <id>', 'what it calls this server')
  .option('--client-secret-file <file>', 'the client’s secret, one line, mode 0600')
  .option('--organisation <id>', 'whose it is; else the whole deployment’s')
  .option('--groups-claim <name>', 'the claim that lists groups (default: groups)')
  .option('--scope <scope>', 'asked for besides openid, profile and email, many times', collected, [])
  .option('--ca <file>', 'the CA of its certificate where it is no public one, PEM')
  .option('--acr <value>', 'its acr of a log-in by two factors, many times', collected, [])
  .option('--amr <value>', 'its amr of a log-in by two factors, many times', collected, [])
  .action((options: ProviderOptions) =>
    running(async () => {
      const { addProvider } = await import('./commands/sign-on.ts')
      const state = folder()
      const made = await alone(state, 'sign-on add', () => addProvider(state, options))
      report(common(), made, callbackLines)
    }),
  )
signOn
  .command('add-saml')
  .description('Let the members of a SAML 2.0 provider log in.')
  .requiredOption('--name <name>', 'what the log-in page calls it: a-z, 0-9 and - between')
  .requiredOption('--entity-id <id>', 'its name for itself')
  .requiredOption('--entry-point <address>', 'where the browser is sent to log in, https')
  .option('--certificate <file>', 'what it signs with, PEM; again for the next one', collected, [])
  .option('--organisation <id>', 'whose it is; else the whole deployment’s')
  .option('--groups-attribute <name>', 'the attribute that lists groups (default: groups)')
  .option('--acr <class>', 'its AuthnContextClassRef of a log-in by two factors, many times', collected, [])
  .action((options: SamlOptions) =>
    running(async () => {
      const { addSamlProvider } = await import('./commands/sign-on.ts')
      const state = folder()
      const made = await alone(state, 'sign-on add-saml', () => addSamlProvider(state, options))
      report(common(), made, callbackLines)
    }),
  )
signOn
  .command('change')
  .description('Change an identity provider: what is not named stays as it is, and its members too.')
  .argument('<name>')
  .option('--client-secret-file <file>', 'the client’s secret, one line, mode 0600')
  .option('--groups-claim <name>', 'the claim that lists groups')
  .option('--scope <scope>', 'asked for besides openid, profile and email, many times', collected, [])
  .option('--ca <file>', 'the CA of its certificate where it is no public one, PEM')
  .option('--entry-point <address>', 'where the browser is sent to log in, https')
  .option('--certificate <file>', 'what it signs with, PEM; again for the next one', collected, [])
  .option('--groups-attribute <name>', 'the attribute that lists groups')
  .option(
    '--acr <value>',
    'its acr or AuthnContextClassRef of a log-in by two factors, many times',
    collected,
    [],
  )
  .option('--amr <value>', 'its amr of a log-in by two factors, many times', collected, [])
  .option(
    '--without <setting>',
    `takes one away of ${optionalSettings.join(', ')}, many times`,
    collected,
    [],
  )
  .action((name: string, options: ChangeOptions) =>
    running(async () => {
      const { changeProvider } = await import('./commands/sign-on.ts')
      const state = folder()
      const made = await alone(state, 'sign-on change', () => changeProvider(state, name, options))
      report(common(), made, () => [`changed ${name}`])
    }),
  )
signOn
  .command('list')
  .description('Show identity providers and what their groups may.')
  .action(() =>
    running(async () => {
      const { showProviders } = await import('./commands/sign-on.ts')
      report(common(), await showProviders(folder()), (all) =>
        all.flatMap(({ name, organisation, settings, roles }) => [
          `${name} ${settings.kind} ${organisation ?? 'deployment'}`,
          ...roles.map(
            ({ id, group, grant }) =>
              `  ${id} ${grant.role} in ${grant.project ?? grant.organisation ?? 'deployment'} for ${group}`,
          ),
        ]),
      )
    }),
  )
signOn
  .command('remove')
  .description('Remove an identity provider; its members are logged out and stay out.')
  .argument('<name>')
  .action((name: string) =>
    running(async () => {
      const { removeProvider } = await import('./commands/sign-on.ts')
      const state = folder()
      const ended = await alone(state, 'sign-on remove', () => removeProvider(state, name))
      report(common(), ended, () => [`removed ${name}`])
    }),
  )
signOn
  .command('require')
  .description('Whether people log in by an identity provider alone; break-glass admins go on by password.')
  .addOption(new Option('--on <answer>').choices(['yes', 'no']).makeOptionMandatory())
  .action(({ on }: { on: 'yes' | 'no' }) =>
    running(async () => {
      const { requireProviders } = await import('./commands/sign-on.ts')
      const state = folder()
      const done = await alone(state, 'sign-on require', () => requireProviders(state, on === 'yes'))
      report(common(), done, () => [`single sign-on required: ${on}`])
    }),
  )
signOn
  .command('scim-token')
  .description('Make the token by which a provider keeps its members here (SCIM). The previous token ends.')
  .argument('<name>')
  .action((name: string) =>
    running(async () => {
      const { newScimToken } = await import('./commands/sign-on.ts')
      const state = folder()
      const made = await alone(state, 'sign-on scim-token', () => newScimToken(state, name))
      report(common(), made, ({ token }) => [`token ${token}`])
    }),
  )
signOn
  .command('allow')
  .description('Give the members of a group a role.')
  .requiredOption('--provider <name>', 'the identity provider')
  .requiredOption('--group <group>', 'the group, as the provider calls it')
  .addOption(new Option('--role <role>', 'what it may').choices([...roles]).makeOptionMandatory())
  .option('--organisation <id>', 'where it holds')
  .option('--project <id>', 'where it holds')
  .action((options: GroupOptions) =>
    running(async () => {
      const { allowGroup } = await import('./commands/sign-on.ts')
      const state = folder()
      const made = await alone(state, 'sign-on allow', () => allowGroup(state, options))
      report(common(), made, ({ id }) => [`role ${id}`])
    }),
  )
signOn
  .command('disallow')
  .description('Take a role from a group again.')
  .requiredOption('--provider <name>', 'the identity provider')
  .requiredOption('--id <id>', 'as `sign-on list` shows it')
  .action((options: { provider: string; id: string }) =>
    running(async () => {
      const { disallowGroup } = await import('./commands/sign-on.ts')
      const state = folder()
      const ended = await alone(state, 'sign-on disallow', () => disallowGroup(state, options))
      report(common(), ended, () => [`removed ${options.id}`])
    }),
  )

const admin = program.command('admin').description('The first server admin.')
admin
  .command('create')
  .description(
    'Make the first server admin, once for ever; prints a code to set password and second factor with.',
  )
  .requiredOption('--username <name>', 'what the admin logs in by')
  .option('--name <name>', 'a name for people', 'server admin')
  .action((options: { username: string; name: string }) =>
    running(async () => {
      const { makeFirstAdmin } = await import('./commands/operator.ts')
      const state = folder()
      const made = await alone(state, 'admin create', () => makeFirstAdmin(state, options))
      report(common(), made, ({ code, expiresAt }) => [
        `enrolment code, one use, until ${expiresAt.toISOString()}: ${code}`,
        'set password and second factor: POST /api/v1/auth/password/begin-enrolment, then …/enrol',
      ])
    }),
  )

const override = program
  .command('override')
  .description('Officers of the ceremony stand in for approvers: for changes of who may do what.')
override
  .command('ask')
  .description('Write what officers sign with `custody officer approve`.')
  .argument('<request>', 'the id that the refusal names')
  .requiredOption('--out <file>', 'a new file')
  .action((id: string, options: { out: string }) =>
    running(async () => {
      const { askOfficers } = await import('./commands/override.ts')
      const state = folder()
      const asked = await alone(state, 'override ask', () => askOfficers(state, id, options.out))
      report(common(), asked, (out) => [`wrote ${out}`])
    }),
  )
override
  .command('hand-in')
  .description('Take in what officers signed: all are told, and a day later it may be done, once.')
  .argument('<request>')
  .argument('<answers...>', 'a file from each officer')
  .action((id: string, files: string[]) =>
    running(async () => {
      const { handIn } = await import('./commands/override.ts')
      const state = folder()
      const taken = await alone(state, 'override hand-in', () => handIn(state, id, files))
      report(common(), taken, ({ signed }) => [
        `signed by ${signed?.officers.join(', ')}`,
        `it may be done from ${signed?.from} on, once`,
      ])
    }),
  )
override
  .command('stop')
  .description('Stop what officers signed for, while it is not done.')
  .argument('<request>')
  .action((id: string) =>
    running(async () => {
      const { stopOverride } = await import('./commands/override.ts')
      const state = folder()
      report(common(), await alone(state, 'override stop', () => stopOverride(state, id)), () => ['stopped'])
    }),
  )

program
  .command('verify-audit')
  .description('Walk every chain and every checkpoint of the audit log.')
  .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere: it has to be in this log')
  .option(
    '--witnesses <k>',
    'so many of the configured witnesses have to have cosigned it within the last hour',
  )
  .action((options: { checkpoint?: string; witnesses?: string }) =>
    running(async () => {
      const { verifyAuditLog } = await import('./commands/operator.ts')
      const state = folder()
      const known = options.checkpoint === undefined ? null : await readGiven(options.checkpoint, maxPolicy)
      const wanted = Number(options.witnesses ?? 0)
      if (!Number.isInteger(wanted) || wanted < 0) return wrongUse('--witnesses is a number')
      const verdict = await verifyAuditLog(state, known, wanted)
      report(
        common(),
        verdict,
        ({ entries, named, dropped, writers, checkpoints, pending, unproved, witnesses, head }) => [
          `${entries} entries of ${writers} writers, ${checkpoints} checkpoints, ${pending} entries after the last`,
          ...(unproved === 0
            ? []
            : [`${unproved} of them not checked: the token, which has the key, is sealed`]),
          `${named} of them say by which credential and second factor`,
          ...(dropped === 0 ? [] : [`${dropped} of them no longer kept, as entries audit.retain say`]),
          ...(witnesses === 0 ? [] : [`cosigned by ${witnesses} witnesses`]),
          ...(head === null ? [] : [`checkpoint ${head.seq} ${head.hash}`]),
        ],
      )
    }),
  )

program
  .command('report')
  .description('Write evidence and gaps for the controls of a framework: signed JSON, and a PDF of it.')
  .addArgument(new Argument('<framework>', 'the framework').choices(frameworkIds))
  .requiredOption('--out <file>', 'the signed JSON, a new file')
  .option('--pdf <file>', 'its PDF, a new file')
  .option('--from <time>', 'ISO time, UTC (default: a year before --to)')
  .option('--to <time>', 'ISO time, UTC (default: the newest checkpoint of the audit log)')
  .action((framework: FrameworkId, options: { out: string; pdf?: string; from?: string; to?: string }) =>
    running(async () => {
      const { writeReport } = await import('./commands/report.ts')
      const [from, to] = [options.from, options.to].map((text) =>
        text === undefined ? null : new Date(text),
      )
      if ([from, to].some((time) => time && Number.isNaN(time.getTime())))
        return wrongUse('--from and --to are ISO times: 2026-01-31T00:00:00Z')
      if (options.pdf !== undefined && resolve(options.pdf) === resolve(options.out))
        return wrongUse('--out and --pdf are two files')
      const state = folder()
      const wanted = {
        ...{
          framework,
          out: resolve(options.out),
          pdf: options.pdf === undefined ? null : resolve(options.pdf),
        },
        period: { ...(from ? { from } : {}), ...(to ? { to } : {}) },
      }
      const made = await alone(state, 'report', () => writeReport(state, wanted))
      report(common(), made, ({ report: written, digest }) => [
        `report ${digest}`,
        `${written.controls.length} controls, ${written.controls.filter(({ state: its }) => its === 'gaps').length} with gaps, after ${written.from} up to ${written.to}`,
      ])
    }),
  )

program
  .command('openapi')
  .description('Print the document of the HTTP API: OpenAPI 3.1, JSON.')
  .action(() =>
    running(async () => {
      const { apiDocument } = await import('./api-document.ts')
      report(common(), accept(await apiDocument()), (document) => [JSON.stringify(document, null, 2)])
    }),
  )

program
  .command('kubernetes-plugin')
  .description(
    'Encrypt the etcd of a Kubernetes cluster by a key of a server: KMS version 2 on a unix socket.',
  )
  .requiredOption('--socket <file>', 'where the API server finds it')
  .requiredOption('--server <url>', 'the server, an https origin')
  .requiredOption('--key <id>', 'a key for encrypt-decrypt')
  .requiredOption('--credentials <file>', 'JSON {clientId, clientSecret} of an identity, mode 0600')
  .requiredOption('--cluster <name>', 'bound into every ciphertext; never change it')
  .option('--ca <file>', 'the authority of the server’s certificate, PEM')
  .action((options: PluginOptions) =>
    running(async () => {
      const { startPlugin } = await import('./commands/kubernetes.ts')
      const stopped = stopSignal()
      const plugin = await startPlugin(options)
      report(common(), accept({ ready: options.socket }), ({ ready }) => [`ready: unix:${ready}`])
      await stopped
      await plugin.close()
    }),
  )

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount'
program
  .command('kubernetes-operator')
  .description('Make the keys and policies that a Kubernetes cluster’s resources describe, and keep them so.')
  .requiredOption('--server <url>', 'the server, an https origin')
  .requiredOption('--credentials <file>', 'JSON {clientId, clientSecret} of an identity, mode 0600')
  .option('--ca <file>', 'the authority of the server’s certificate, PEM')
  .option('--api <url>', 'the API server of Kubernetes', 'https://kubernetes.default.svc')
  .option('--api-ca <file>', 'the authority of its certificate, PEM', `${serviceAccount}/ca.crt`)
  .option('--token-file <file>', 'the token of the service account', `${serviceAccount}/token`)
  .option('--namespace <name>', 'look at this namespace alone (default: all)')
  .action((options: OperatorOptions) =>
    running(async () => {
      const { startOperator } = await import('./commands/kubernetes.ts')
      const stopped = stopSignal()
      const operator = await startOperator(options)
      report(common(), accept({ ready: options.api }), ({ ready }) => [`ready: ${ready}`])
      await stopped
      await operator.close()
    }),
  )

program
  .command('verify-report')
  .description('Check a report’s signature by the server’s card alone, and its PDF against it.')
  .argument('<report>')
  .option('--card <file>', 'the server’s card (default: the one in the state folder)')
  .option('--pdf <file>', 'the PDF that came with it')
  .action((path: string, options: { card?: string; pdf?: string }) =>
    running(async () => {
      const { checkReport } = await import('./commands/report.ts')
      const { maxReportBytes } = await import('./compliance/verify.ts')
      const bytes = await readGiven(path, maxReportBytes)
      const pdf = options.pdf === undefined ? null : await readGiven(options.pdf, maxReportBytes)
      const card = options.card === undefined ? null : await readGiven(options.card, maxCertificate)
      const checked = await checkReport(card ?? folder(), bytes, pdf)
      report(common(), checked, ({ report: its, digest }) => [
        `signed by server ${its.audience}`,
        `report ${digest}`,
        `${its.framework} ${its.edition}, after ${its.from} up to ${its.to}`,
      ])
    }),
  )

program
  .command('retain-audit')
  .description('Drop what audit entries from before a time say; the chain goes on over them.')
  .requiredOption('--before <time>', 'ISO time, UTC')
  .action((options: { before: string }) =>
    running(async () => {
      const { retainAudit } = await import('./commands/operator.ts')
      const before = new Date(options.before)
      if (Number.isNaN(before.getTime())) return wrongUse('--before is an ISO time: 2026-01-31T00:00:00Z')
      const state = folder()
      const done = await alone(state, 'retain-audit', () => retainAudit(state, before))
      report(common(), done, ({ dropped }) => [`dropped ${dropped}`])
    }),
  )

program
  .command('rotate-kek')
  .description(
    'A new KEK for a project or an organisation, or a new root, and everything below moved under it.',
  )
  .option('--project <id>', 'the project')
  .option('--organisation <id>', 'the organisation')
  .option('--root', 'the root of what is online; the old one is destroyed in the token')
  .action((options: { project?: string; organisation?: string; root?: true }) =>
    running(async () => {
      const { rotateKek } = await import('./commands/operator.ts')
      const { project, organisation, root } = options
      const wanted: RotationOf[] = [
        ...(project === undefined ? [] : [{ project }]),
        ...(organisation === undefined ? [] : [{ organisation }]),
        ...(root === undefined ? [] : (['root'] as const)),
      ]
      const [what, ...others] = wanted
      if (what === undefined || others.length > 0)
        return wrongUse('give one of --project, --organisation and --root')
      const state = folder()
      const done = await alone(state, 'rotate-kek', () => rotateKek(state, what))
      report(common(), done, ({ version, moved, receipts = [] }) => [
        `version ${version}, moved ${moved}`,
        ...receipts.map(({ payload }) => `shredded at level ${payload.level}: ${payload.id}`),
      ])
    }),
  )

program
  .command('destroy-root')
  .argument('<root>', 'its id: “organisations” and the import’s receipt have it')
  .description(
    'Destroy a root that a ceremony replaced, once nothing is under it any more, and write a signed receipt.',
  )
  .option(
    '--bundle <file>',
    'of a ceremony that burnt a backup of it or destroyed it elsewhere, many times',
    collected,
    [],
  )
  .requiredOption('--receipt <file>', 'the receipt, a new file')
  .action((root: string, { bundle, receipt }: { bundle: string[]; receipt: string }) =>
    running(async () => {
      const { destroyReplacedRoot } = await import('./commands/destroy-root.ts')
      const state = folder()
      const done = await alone(state, 'destroy-root', () =>
        destroyReplacedRoot(state, { root, bundles: bundle, out: receipt }),
      )
      report(common(), done, ({ payload: { level, destroyedIn, backups, livesIn } }) => [
        `destroyed at level ${level} in ${destroyedIn.join(', ')}: ${receipt}`,
        ...backups.map(({ set, burntBy }) =>
          burntBy === null ? `backup ${set} may bring it back still` : `backup ${set} burnt by ${burntBy}`,
        ),
        ...livesIn.map(
          ({ serial, bundle }) =>
            `it may live in ${serial === null ? 'a token that is not known here' : `the token ${serial}`}${bundle === null ? '' : `, by ${bundle}`}`,
        ),
      ])
    }),
  )

program
  .command('accept-state')
  .description(
    'Show what of authority and audit log is not as this server left it: after a restore, a migration or a forgery.',
  )
  .option('--accept', 'take it as it is: the token’s officer types its user PIN, or pipes it in')
  .action(({ accept: accepting = false }: { accept?: boolean }) =>
    running(async () => {
      const { acceptState, typedPin } = await import('./commands/accept-state.ts')
      const state = folder()
      const show = (other: OtherState) => {
        if (!common().json) say(linesOfOther(other))
      }
      const done = await alone(state, 'accept-state', () =>
        acceptState(state, show, accepting ? typedPin : null),
      )
      report(common(), done, ({ accepted, stopped, forged, faults }) => [
        accepted
          ? 'accepted: authority and audit log count as they are now'
          : stopped.length + forged.length + faults.length === 0
            ? 'nothing to accept: authority and audit log are as this server left them'
            : 'nothing was changed: find out why, then give the same command with --accept',
      ])
    }),
  )

/** Names in forged rows are somebody else's words: one that moves the cursor would hide the next line. */
function linesOfOther({ stopped, forged, faults }: OtherState): string[] {
  return [
    ...stopped.map(({ why }) => `AUTHORITY-OTHER: ${why}`),
    ...forged.map((row) => `ROW-FORGED: ${row}`),
    ...faults.map(({ code, detail }) => `${code}: ${detail}`),
  ].map((line) => withoutHidden(line, escapedUnits))
}

const migrate = program.command('migrate').description("The database's schema.")
for (const direction of ['up', 'down'] as const) {
  migrate.command(direction).action(() =>
    running(async () => {
      const { migrateDown, migrateUp } = await import('./platform/database/migrate.ts')
      const { openOwnerDatabase } = await import('./platform/database/open.ts')
      const { databaseChoice } = await import('./server.ts')
      const state = folder()
      const choice = databaseChoice(state)
      const change = async () => {
        const opened = await openOwnerDatabase(choice)
        try {
          const names =
            direction === 'up' ? await migrateUp(opened.database) : await migrateDown(opened.database)
          report(common(), accept({ applied: names }), () => [
            `${direction}: ${names.join(', ') || 'nothing to do'}`,
          ])
        } finally {
          await opened.close()
        }
      }
      // Whoever owns another PostgreSQL may have no part in this folder.
      const elsewhere = (choice.ownerUrl ?? choice.url) !== undefined
      return elsewhere ? change() : alone(state, `migrate ${direction}`, change)
    }),
  )
}

/** A value that was left out is named, and the option that follows is not taken for it. */
function guardOptions(command: Command): void {
  for (const option of command.options) {
    if (option.mandatory) option.description += ' (required)'
    command.on(`option:${option.name()}`, (value?: string | null) => {
      if (value?.startsWith('--') === true) {
        const long = option.long ?? option.flags
        throw new InvalidArgumentError(`${long} has no value: ${value} follows it`)
      }
    })
  }
  for (const inner of command.commands) guardOptions(inner)
}

function collectRole(text: string, before: IdentityOptions['roles'] = []): IdentityOptions['roles'] {
  const found = [...projectRoles, ...deploymentRoles].find((one) => one === text)
  if (found === undefined)
    throw new InvalidArgumentError(`Allowed choices are ${[...projectRoles, ...deploymentRoles].join(', ')}.`)
  return [...before, found]
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('expected 0 to 65535')
  return value
}

function days(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 3650) throw new InvalidArgumentError('expected 1 to 3650')
  return value
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a number of seconds')
  return Number(text)
}

program
  .command('completion')
  .description('Write the completion of every command and option for a shell.')
  .addArgument(new Argument('<shell>', 'the shell').choices(shells))
  .action((shell: Shell) =>
    running(async () =>
      report(common(), accept({ shell, script: completionScript(program, shell) }), ({ script }) => [script]),
    ),
  )
  .addHelpText(
    'after',
    `
Example:
  $ custody-server completion bash > ~/.local/share/bash-completion/completions/custody-server`,
  )

program
  .command('manual')
  .description('Write the manual page of every command and option, for man.')
  .action(() =>
    running(async () =>
      report(common(), accept({ page: manualPage(program, variables) }), ({ page }) => [page]),
    ),
  )
  .addHelpText(
    'after',
    `
Example:
  $ custody-server manual > ~/.local/share/man/man1/custody-server.1 && man custody-server`,
  )

guardOptions(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Commander itself has put help where it belongs, on stderr where nobody asked for it.
  process.exitCode = error.exitCode === 0 ? exit.done : exit.usage
  const json = process.argv.includes('--json')
  if (error.exitCode !== 0 && (json || error.code !== 'commander.help'))
    refuseUse({ json }, error.message.replace(/^error: /, ''))
}
