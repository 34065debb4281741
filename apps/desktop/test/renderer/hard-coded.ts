import { parseSync } from 'vite'

type Node = { type: string; start: number } & Record<string, unknown>

/** What a screen reader says or a person reads; a class, an id or a role is neither. */
const spoken =
  /^(aria-(label|description|valuetext|roledescription|placeholder)|title|placeholder|alt|label|lead|text|message|detail|buttonLabel|tooltip|caption|children)$/
/** Two words, one that begins as a sentence does, or one with letters outside ASCII. Codes, keys and class names do none. */
const sentence =
  /\p{L}\p{L}+[,.:!?…]? +\p{L}|^\s*\p{Lu}\p{Ll}+[.…!?]?\s*$|(?!\p{ASCII})\p{L}\p{L}|\p{L}(?!\p{ASCII})\p{L}/u
/** Where a text is compared, names a module, a type or a place in an object, or tells a programmer of misuse. */
const silent = new Set(['ImportDeclaration', 'ExportAllDeclaration', 'ThrowStatement'])
const quiet = /^(className|style|css|columns|size|gap|key|role|type|id|dir|lang|href|viewBox|d|transform)$/

/** Texts in a source that people would read and no translation made, each as "line: text". */
export function hardCoded(name: string, source: string): string[] {
  const { program, errors } = parseSync(name, source)
  if (errors.length > 0) throw new Error(`${name}: ${errors[0]?.message}`)
  const found: string[] = []
  const report = (at: number, text: string) =>
    found.push(`${source.slice(0, at).split('\n').length}: ${text.trim().replace(/\s+/g, ' ')}`)

  /** `label` is set inside an attribute or a property of that name. */
  function visit(value: unknown, label: string): void {
    if (Array.isArray(value)) {
      for (const one of value) visit(one, label)
      return
    }
    if (!isNode(value)) return
    const text = textOf(value)
    if (text !== null) {
      const read = spoken.test(label)
        ? /\p{L}/u.test(text) && !/^[a-z]+(\.[\w-]+)+$/.test(text)
        : sentence.test(text)
      if (read) report(value.start, text)
      return
    }
    for (const [child, inside] of childrenOf(value, label)) visit(child, inside)
  }
  visit(program, '')
  return found
}

function childrenOf(node: Node, label: string): [unknown, string][] {
  if (silent.has(node.type) || node.type.startsWith('TS'))
    return node.type.startsWith('TS') ? typed(node, label) : []
  switch (node.type) {
    case 'JSXAttribute': {
      const name = nameOf(node.name)
      return quiet.test(name) || name.startsWith('data-') ? [] : [[node.value, name]]
    }
    case 'JSXElement':
    case 'JSXFragment':
      // What stands in braces between tags is shown, be it one word.
      return [
        [node.openingElement ?? null, ''],
        [node.children, 'children'],
      ]
    case 'Property': {
      const name = nameOf(node.key)
      return quiet.test(name) ? [] : [[node.value, spoken.test(name) ? name : '']]
    }
    case 'BinaryExpression':
      return node.operator === '+'
        ? [
            [node.left, label],
            [node.right, label],
          ]
        : []
    case 'SwitchCase':
      return [[node.consequent, '']]
    case 'CallExpression':
      // Keys of translations and arguments of functions are no text of an attribute, but may be sentences.
      return [
        [node.callee, isJoin(node.callee) ? label : ''],
        [node.arguments, ''],
      ]
    case 'MemberExpression':
      return [[node.object, isJoin(node) ? label : '']]
    case 'ConditionalExpression':
      return [
        [node.test, ''],
        [node.consequent, label],
        [node.alternate, label],
      ]
    case 'TemplateLiteral':
      return [
        [node.quasis, label],
        [node.expressions, ''],
      ]
    default:
      return Object.values(node).map((child) => [child, passes(node.type) ? label : ''])
  }
}

/** `value as Type` and `value!` still show the value; all else of a type is not there when the program runs. */
function typed(node: Node, label: string): [unknown, string][] {
  return 'expression' in node ? [[node.expression, label]] : []
}

const passes = (type: string) =>
  /^(JSXExpressionContainer|LogicalExpression|ParenthesizedExpression|ArrayExpression)$/.test(type)

/** `[…].join`, whose strings are shown where the call stands. */
const isJoin = (node: unknown): boolean =>
  isNode(node) &&
  node.type === 'MemberExpression' &&
  nameOf(node.property) === 'join' &&
  isNode(node.object) &&
  node.object.type === 'ArrayExpression'

function textOf(node: Node): string | null {
  if (node.type === 'JSXText') return String(node.value)
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : ''
  if (node.type !== 'TemplateElement') return null
  // A template's pieces, as the parser cooked them.
  const { cooked } = node.value as { cooked: string | null }
  return cooked ?? ''
}

function nameOf(key: unknown): string {
  if (!isNode(key)) return ''
  return String(key.name ?? key.value ?? '')
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
