import type { InventoryObject, ProbeReport } from '@lux/hsm'
import type { CommandLine } from '../shell/command-line.ts'
import { type Outcome, say } from '../shell/output.ts'
import { refusalHelp } from '../shell/refusal-help.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { registerTokenBench } from './bench.ts'
import { registerTokenDoctor } from './doctor.ts'
import { registerTokenEvidence } from './evidence.ts'
import { registerTokenInit } from './init.ts'
import { registerTokenPin } from './pin.ts'
import {
  answerOf,
  findToken,
  type LibraryOptions,
  nameOf,
  type PinOptions,
  pinText,
  unreadableError,
  withHsm,
  withLibrary,
  withLogin,
  withPin,
} from './session.ts'
import { evidenceLines, profileJson, profileOfToken, tokenEvidence, tokenLines } from './words.ts'

type WorkOptions = LibraryOptions & PinOptions

export function registerToken(commandLine: CommandLine): void {
  const { program, act } = commandLine
  const group = program
    .command('token')
    .description(
      'Hardware and software tokens: list, info, init, pin, inventory, probe, doctor, bench, companion, evidence.',
    )
  withLibrary(group.command('list'))
    .description('Every token that the library shows, by serial, with the state of its PINs. No login.')
    .action((options: LibraryOptions) => act(() => list(options)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ custody token list --soft training-token\n  $ custody token list --library /opt/vendor/libpkcs11.so',
    )
  withLibrary(group.command('info'))
    .option('--serial <serial>', 'the token; may be left out when there is only one')
    .description('All that a token says of itself, and the library’s digest. No login.')
    .action((options: LibraryOptions & { serial?: string }) => act(() => info(options)))
    .addHelpText('after', '\nExample:\n  $ custody token info --soft training-token')
  registerTokenInit(group, commandLine)
  registerTokenPin(group, commandLine)
  withPin(withLibrary(group.command('inventory')))
    .description('Log in and name every object on the token, the unreadable ones too.')
    .action((options: WorkOptions) => act(() => inventory(options)))
    .addHelpText('after', '\nExample:\n  $ custody token inventory --soft training-token --pin-file pin.txt')
  withPin(withLibrary(group.command('probe')))
    .description('Log in and attack the token with scratch keys, as a ceremony does before it uses one.')
    .action((options: WorkOptions) => act(() => probe(options)))
    .addHelpText(
      'after',
      `
Exit 0: every attack on the hardened template was held and a wrap mechanism gave its known answer. Exit 1: not so.

Example:
  $ custody token probe --soft training-token --pin-file pin.txt`,
    )
  registerTokenDoctor(group, commandLine)
  registerTokenBench(group, commandLine)
  registerTokenEvidence(group, commandLine)
}

function list(options: LibraryOptions): Promise<Outcome> {
  return withHsm(options, async (hsm) => {
    const tokens = await hsm.tokens()
    const rows = tokens.map(
      ({ serial, slot, label, model, profile, initialised, pin }) =>
        `${(escapeForTerminal(serial) || `(new, slot-${slot})`).padEnd(18)} ${escapeForTerminal(label).padEnd(20)} ${profile.padEnd(13)} ${escapeForTerminal(model).padEnd(14)} ${
          initialised ? `PIN ${pinText(pin.user)}; SO PIN ${pinText(pin.so)}` : 'not initialised'
        }`,
    )
    const { library, unreadable } = hsm
    const json = {
      library,
      tokens: tokens.map((token) => ({ ...token, verifiedOn: profileOfToken(token).verifiedOn })),
      unreadable,
    }
    const [first] = unreadable
    if (first === undefined)
      return {
        exit: 0,
        json: { ok: true, ...json },
        text: rows.join('\n') || `no token is there: ${hsm.whyNone.join('; ')}`,
      }
    const { code, detail } = unreadableError(unreadable)
    const remedy = refusalHelp(code)?.remedy
    const dark = unreadable.map((one) => `${`slot-${one.slot}`.padEnd(18)} CANNOT BE READ: ${answerOf(one)}`)
    if (remedy !== undefined) say(`What to do: ${remedy}`)
    return {
      exit: 3,
      json: { ok: false, code, detail, remedy, ...json },
      text: [...rows, ...dark].join('\n'),
      answered: true,
    }
  })
}

function info(options: LibraryOptions & { serial?: string }): Promise<Outcome> {
  return withHsm(options, async (hsm) => {
    const token = await findToken(hsm, options.serial)
    const evidence = tokenEvidence(token, null)
    const lines = [
      ...tokenLines(token),
      ...evidenceLines(evidence),
      `library       ${hsm.library.path}`,
      `library hash  ${hsm.library.sha256}`,
    ]
    return {
      exit: 0,
      json: { ok: true, library: hsm.library, token, profile: profileJson(profileOfToken(token)), evidence },
      text: lines.join('\n'),
    }
  })
}

function inventory(options: WorkOptions): Promise<Outcome> {
  return withHsm(options, (hsm) =>
    withLogin(hsm, options, async (token, info) => {
      const { serial } = info
      const evidence = tokenEvidence(info, null)
      const { objects, damaged } = await token.inventory()
      const lines = [
        `${nameOf(info)}: ${objects.length} objects`,
        ...objects.map(
          (one) =>
            `  ${one.class.padEnd(11)} ${(one.id || '(no id)').padEnd(32)} ${escapeForTerminal(one.keyType).padEnd(8)} ${escapeForTerminal(one.label)}${one.trusted ? '  TRUSTED' : ''}`,
        ),
        ...alike(objects).map((line) => `  ${line}`),
        ...damaged.map(
          ({ name, reason }) => `  UNREADABLE  ${escapeForTerminal(name)}: ${escapeForTerminal(reason)}`,
        ),
        ...evidenceLines(evidence),
      ]
      return { exit: 0, json: { ok: true, serial, objects, damaged, evidence }, text: lines.join('\n') }
    }),
  )
}

/** A label is for people, and two keys may carry one: they are told apart by their identifiers. */
function alike(objects: readonly InventoryObject[]): string[] {
  const named = Map.groupBy(
    objects.filter(({ label }) => label !== ''),
    (one) => `${one.class} objects are labelled ${escapeForTerminal(one.label)}`,
  )
  return [...named]
    .filter(([, same]) => same.length > 1)
    .map(([what, same]) => `ALIKE       ${same.length} ${what}: tell them by their identifiers`)
}

function probe(options: WorkOptions): Promise<Outcome> {
  return withHsm(options, (hsm) =>
    withLogin(hsm, options, async (token, info) => {
      const report = await token.probe()
      const evidence = tokenEvidence(info, report)
      const { passed, attacks, knownAnswers, lacking } = report
      const lines = [
        `${nameOf(info)}: ${passed ? 'passed' : 'NOT PASSED'}`,
        ...attacks.map(
          ({ name, template, outcome, detail }) =>
            `  ${template.padEnd(8)} ${name.padEnd(20)} ${outcome}  ${escapeForTerminal(detail)}`,
        ),
        `  wrap mechanism ${knownAnswers.chosen === null ? 'NONE proved' : `${knownAnswers.chosen.standard}, here called ${knownAnswers.chosen.name}`}`,
        ...knownAnswers.tried.map(
          ({ name, result }) => `  known answer   ${name}: ${escapeForTerminal(result)}`,
        ),
        ...lacking.map((what) => `  lacks ${escapeForTerminal(what)}`),
        ...evidenceLines(evidence),
      ]
      const json = passed
        ? { ok: true, report, evidence }
        : { ok: false, code: 'PROBE-FAILED', detail: why(report), report, evidence }
      return { exit: passed ? 0 : 1, json, text: lines.join('\n'), answered: true }
    }),
  )
}

function why({ attacks, knownAnswers }: ProbeReport): string {
  const names = (outcome: ProbeReport['attacks'][number]['outcome']) =>
    attacks
      .filter((one) => one.template === 'hardened' && one.outcome === outcome)
      .map(({ name }) => name)
      .join(', ')
  const [attacked, open] = [names('broken'), names('undecided')]
  return [
    ...(knownAnswers.chosen === null ? ['no wrap mechanism gives a known answer'] : []),
    ...(attacked === '' ? [] : [`these attacks succeeded: ${attacked}`]),
    ...(open === '' ? [] : [`these attacks were not decided: ${open}`]),
  ].join('; ')
}
