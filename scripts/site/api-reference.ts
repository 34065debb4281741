// The page of the HTTP API, made of the document that the server itself gives (`custody-server openapi`).

type Schema = {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly contentEncoding?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}
type Content = Readonly<Record<string, { readonly schema?: Schema }>>
type Call = {
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
export type ApiDocument = {
  readonly info: { readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Call>>>>
}
type Row = { readonly name: string; readonly place: string; readonly value: string }

/** One page: a chapter for each group of calls, a section for each call. */
export function apiReference({ info, tags, paths }: ApiDocument): string {
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ method: method.toUpperCase(), path, call })),
  )
  const chapters = tags.map(({ name, description }) => {
    const its = calls.filter(({ call }) => call.tags.includes(name))
    return [`## ${name}`, description, ...its.map(({ method, path, call }) => sectionOf(method, path, call))]
  })
  return [
    '---',
    'title: The HTTP API',
    'description: Every call of the server, from the schemas by which it checks requests and writes replies.',
    '---',
    '',
    `${info.description} \`GET /api/openapi.json\` of a server, or \`custody-server openapi\`, gives the same as OpenAPI 3.1.`,
    'A refusal is any reply of 400 to 599.',
    ...chapters.flat(),
    '',
  ].join('\n\n')
}

function sectionOf(method: string, path: string, call: Call): string {
  const [[status = '', reply = {}] = []] = Object.entries(call.responses).filter(([code]) =>
    /^[23]/.test(code),
  )
  const asked = [...parametersOf(call), ...bodyOf(call.requestBody?.content, 'body')]
  const types = Object.keys(reply.content ?? {})
  const answered = bodyOf(reply.content, '')
  return [
    `### ${call.summary}`,
    `\`${method} ${path}\`${call.security?.length === 0 ? ', open to whoever is not known yet' : ''}`,
    ...(call.description === undefined ? [] : [call.description]),
    ...(asked.length === 0 ? [] : [tableOf(['Field', 'In', 'Value'], asked)]),
    `Reply ${status}${types.length === 0 ? '' : `, ${types.map((type) => `\`${type}\``).join(' or ')}`}`,
    ...(answered.length === 0
      ? []
      : [
          tableOf(
            ['Field', 'Value'],
            answered.map(({ name, value }) => ({ name, value })),
          ),
        ]),
  ].join('\n\n')
}

const parametersOf = ({ parameters = [] }: Call): readonly Row[] =>
  parameters
    .filter((one) => one.in !== 'header')
    .map((one) => ({
      name: named(one.name, one.required === true),
      place: one.in,
      value: code(lineOf(one.schema)),
    }))

function bodyOf(content: Content = {}, place: string): readonly Row[] {
  const schema = content['application/json']?.schema ?? content['application/scim+json']?.schema ?? {}
  return [schema, ...(schema.anyOf ?? [])].flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).map(([name, its]) => ({
      name: named(name, required.includes(name)),
      place,
      value: code(lineOf(its)) + (its.description === undefined ? '' : ` ${its.description}`),
    })),
  )
}

const named = (name: string, required: boolean) => `${code(name)}${required ? '' : ' (optional)'}`
const code = (text: string) => `\`${text.replaceAll('|', '\\|').replaceAll('`', '')}\``

function tableOf(heads: readonly string[], rows: readonly Partial<Row>[]): string {
  const lineOfCells = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    lineOfCells(heads),
    lineOfCells(heads.map(() => '---')),
    ...rows.map((row) => lineOfCells(Object.values(row).map(String))),
  ].join('\n')
}

/** A schema in one line. */
function lineOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(lineOf))].join(' | ')
  if (schema.type === 'array') return `[${lineOf(schema.items ?? {})}]`
  if (schema.type === 'object' && schema.properties !== undefined) {
    const { required = [] } = schema
    const names = Object.keys(schema.properties).map((name) => (required.includes(name) ? name : `${name}?`))
    return `{ ${names.join(', ')} }`
  }
  const { type = 'any', format, contentEncoding, minimum, maximum, maxLength, pattern } = schema
  if (format === 'date-time') return 'time'
  if (contentEncoding !== undefined) return contentEncoding
  if (minimum !== undefined && maximum !== undefined) return `${type} ${minimum} to ${maximum}`
  if (pattern !== undefined) return `${type} ${pattern}`
  return maxLength === undefined ? type : `${type}, at most ${maxLength} characters`
}
