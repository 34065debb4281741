/** The parts of an OpenAPI 3.1 document that the page shows. */
type Schema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

type Content = { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }

type Method = {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema?: Schema
  }[]
  readonly requestBody?: Content
  readonly responses?: Readonly<Record<string, Content>>
}

export type OpenApi = { readonly paths?: Readonly<Record<string, Readonly<Record<string, Method>>>> }

type ApiField = {
  readonly name: string
  readonly place: 'path' | 'query' | 'body' | 'reply'
  readonly required: boolean
  readonly value: string
}

export type Operation = {
  readonly method: string
  readonly path: string
  readonly group: string
  readonly summary: string
  readonly fields: readonly ApiField[]
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

export function operationsOf({ paths = {} }: OpenApi): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, its]) =>
    Object.entries(its)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        group: groupOf(path),
        summary: operation.summary ?? '',
        fields: [
          ...parametersOf(operation),
          ...fieldsOf('body', operation.requestBody),
          ...fieldsOf('reply', operation.responses?.['200'] ?? operation.responses?.['202']),
        ],
      })),
  )
}

const groupOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('/api/v1/') ? 4 : 2)
    .join('/')

const parametersOf = ({ parameters = [] }: Method): ApiField[] =>
  parameters
    .filter((one) => one.in === 'path' || one.in === 'query')
    .map(({ name, in: place, required = false, schema = {} }) => ({
      name,
      place: place === 'path' ? ('path' as const) : ('query' as const),
      required,
      value: lineOf(schema),
    }))

function fieldsOf(place: 'body' | 'reply', at: Content | undefined): ApiField[] {
  const schema = at?.content?.['application/json']?.schema
  const required = schema?.required ?? []
  return Object.entries(schema?.properties ?? {}).map(([name, its]) => ({
    name,
    place,
    required: required.includes(name),
    value: lineOf(its),
  }))
}

/** A schema in one line. */
export function lineOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(lineOf))].join(' | ')
  if (schema.type === 'array') return `[${lineOf(schema.items ?? {})}]`
  if (schema.type === 'object') {
    const names = Object.keys(schema.properties ?? {})
    return names.length === 0 ? 'object' : `{${names.join(', ')}}`
  }
  const { type = 'any', minimum, maximum, maxLength, pattern } = schema
  const bounds =
    minimum !== undefined || maximum !== undefined
      ? ` ${minimum ?? ''}…${maximum ?? ''}`
      : pattern !== undefined
        ? ` ${pattern}`
        : maxLength !== undefined
          ? ` ≤ ${maxLength}`
          : ''
  return `${type}${bounds}`
}
