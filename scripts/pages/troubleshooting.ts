import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.ts'

type Text = { what: string; why: string; do: string }

function locale(section: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, 'resources/locales/en', `${section}.json`), 'utf8'))
}

/** The entries of a section that are codes: upper case, each with what happened, why and what to do. */
function codes(section: string): [string, Text][] {
  return Object.entries(locale(section)).flatMap(([code, text]) =>
    /^[A-Z][A-Z0-9-]+$/.test(code) && isText(text) ? [[code, text] as [string, Text]] : [],
  )
}

function isText(value: unknown): value is Text {
  return typeof value === 'object' && value !== null && 'what' in value && 'why' in value && 'do' in value
}

const filled = (text: string): string => text.replaceAll(/\{\{(\w+)\}\}/g, '<$1>').replaceAll('|', '\\|')

/** A code's place on the page; what stands for many codes (`…-ABSENT`) has none. */
const anchor = (code: string): string => (code.includes('…') ? '' : `<a id="${code.toLowerCase()}"></a>`)

function table(entries: readonly [string, Text][]): string[] {
  if (entries.length === 0) throw new Error('a section without codes')
  return [
    '| code | what happened | why | what to do |',
    '|---|---|---|---|',
    ...entries.map(
      ([code, text]) => `| ${anchor(code)}${[code, text.what, text.why, text.do].map(filled).join(' | ')} |`,
    ),
    '',
  ]
}

/** Every code of the program with its text, each with an anchor of its own. */
export function troubleshootingPage(): string {
  const errors = codes('errors')
  const endings = Object.entries(locale('errors').ending as Record<string, Text>)
  const families = Object.entries(locale('errors').family as Record<string, Text>)
  const checks = Object.entries(locale('checks')).filter(([code]) => /^[A-Z][A-Z0-9-]+$/.test(code))
  return [
    '# Troubleshooting',
    '',
    'Every error has a code that stays the same in all languages. `custody` and `custody-server` print the code, what was',
    'seen, why, and what to do. With `--json` these are `code`, `detail`, `why` and `remedy`.',
    '',
    'Nothing that is recorded is ever lost by an error: a run stands in its folder and goes on with',
    '`custody ceremony resume DIR`, or in the window under Ceremonies.',
    '',
    '## Tokens',
    '',
    ...table(errors.filter(([code]) => code.startsWith('HSM-'))),
    '## The program, its store and files',
    '',
    ...table(errors.filter(([code]) => !code.startsWith('HSM-'))),
    '## Plans and runs',
    '',
    ...table(codes('rules')),
    '## The companion server',
    '',
    'The server answers with the same codes that `custody-server` prints: `code`, `why` and `remedy` are in the body of an',
    'answer, and `message` says what happened and what to do. Codes of tokens, rules and checks are in the other tables.',
    '',
    ...table(codes('server')),
    '## A code that is in no table',
    '',
    'Its detail says what was seen. What is true of all codes that end or begin alike:',
    '',
    ...table([
      ...endings.map(([ending, text]): [string, Text] => [`…-${ending}`, text]),
      ...families.map(([family, text]): [string, Text] => [`${family}-…`, text]),
    ]),
    '## A bundle is refused',
    '',
    'The first check that failed is the reason; those that need it are not run. A bundle that a check refuses is not repaired:',
    'get the file again from where it was written, compare its digest as words, and if it is refused again, tell the officers.',
    '[The specification](../SPEC.md) says what each check compares.',
    '',
    '| check | what it claims when it passes |',
    '|---|---|',
    ...checks.map(([code, title]) => `| ${anchor(code)}${code} | ${filled(String(title))} |`),
    '',
  ].join('\n')
}
