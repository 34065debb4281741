/** Folded WebAssembly text, read: a list of words and lists. */
type Node = string | readonly Node[]
type List = readonly Node[]

/** By function: the locals, parameters among them, that say nothing of a secret. */
export type PublicLocals = Readonly<Record<string, readonly string[]>>

export type Flow = {
  /** Every condition of a branch, as `function: condition`, in the order of the text. */
  readonly conditions: readonly string[]
  /** Every function's operations, each once, sorted. */
  readonly operations: readonly string[]
  /** What lets something that is not public decide a branch, an address or a length. */
  readonly leaks: readonly string[]
}

/** What public values are computed with where they decide something. What is loaded from memory is never public. */
const ARITHMETIC = new Set(
  ['add', 'sub', 'and', 'shl', 'shr_u', 'lt_u', 'gt_u', 'eqz'].map((op) => `i32.${op}`),
)

export function flowOf(text: string, publicLocals: PublicLocals): Flow {
  const functions = functionsOf(read(text))
  const conditions: string[] = []
  const operations = new Set<string>()
  const leaks: string[] = []
  for (const [name, { body }] of functions) {
    const known = new Set(publicLocals[name])
    const isPublic = (node: Node | undefined): boolean => {
      if (node === undefined || typeof node === 'string') return false
      const [head, ...rest] = node
      if (head === 'i32.const') return true
      if (head === 'local.get') return known.has(wordOf(rest[0]).slice(1))
      return ARITHMETIC.has(wordOf(head)) && rest.every(isPublic)
    }
    const check = (what: string, node: Node | undefined): void => {
      if (!isPublic(node)) leaks.push(`${name}: ${what} ${textOf(node)}`)
    }
    const branch = (node: Node | undefined): void => {
      conditions.push(`${name}: ${textOf(node)}`)
      check('a branch on', node)
    }
    const visit = (node: Node): void => {
      if (typeof node === 'string') return
      const head = wordOf(node[0])
      const operands = node.filter((one): one is List => typeof one !== 'string')
      operations.add(head)
      if (head === 'if') branch(operands[0])
      else if (head === 'br_if') branch(operands.at(-1))
      else if (/\.(load|store)/.test(head)) check('an address', operands[0])
      else if (/^memory\./.test(head)) for (const one of operands) check(`an operand of ${head}`, one)
      else if (head === 'local.set') {
        const local = wordOf(node[1]).slice(1)
        if (known.has(local)) check(`${local} becomes`, operands[0])
      } else if (head === 'call') {
        const callee = wordOf(node[1]).slice(1)
        const { parameters } = functions.get(callee) ?? { parameters: [] }
        for (const [at, parameter] of parameters.entries())
          if (publicLocals[callee]?.includes(parameter)) check(`${parameter} of ${callee} is`, operands[at])
      }
      for (const one of operands) visit(one)
    }
    for (const node of body) visit(node)
  }
  return { conditions, operations: [...operations].sort(), leaks }
}

function functionsOf(module: List): Map<string, { parameters: string[]; body: List[] }> {
  const lists = module.filter((one): one is List => typeof one !== 'string')
  return new Map(
    lists
      .filter(([head]) => head === 'func')
      .map((func) => {
        const parts = func.filter((one): one is List => typeof one !== 'string')
        const parameters = parts.filter(([head]) => head === 'param').map((one) => wordOf(one[1]).slice(1))
        const body = parts.filter(([head]) => !['export', 'param', 'local'].includes(wordOf(head)))
        return [wordOf(func[1]).slice(1), { parameters, body }]
      }),
  )
}

function read(text: string): List {
  const stack: Node[][] = [[]]
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+/g)) {
    if (token === '(') stack.push([])
    else if (token === ')') {
      const done = stack.pop() ?? []
      stack.at(-1)?.push(done)
    } else stack.at(-1)?.push(token)
  }
  const [module] = stack[0] ?? []
  if (stack.length !== 1 || module === undefined || typeof module === 'string')
    throw new Error('not a module')
  return module
}

const textOf = (node: Node | undefined): string =>
  typeof node === 'object' ? `(${node.map(textOf).join(' ')})` : (node ?? 'nothing')

function wordOf(node: Node | undefined): string {
  if (typeof node !== 'string') throw new Error(`expected a word, got ${textOf(node)}`)
  return node
}
