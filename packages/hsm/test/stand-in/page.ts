import { tokenRoles as roles } from '../../src/index.ts'
import { type MakeShown, rulesOf } from './rules.ts'

/** Whether a server on it imports and opens keys, as the nightly run of the server has kept it. */
type Served = { readonly vendor: string; readonly variant: string; readonly refused: string | null }

/** yes, **no**, or the variants that can. */
function cell(able: readonly string[], rows: readonly unknown[]): string {
  if (able.length === rows.length) return 'yes'
  return able.length === 0 ? '**no**' : `${able.join(', ')} only`
}

/** How many rules of each mark, as 45 S, 2 D. */
function marksOf(vendor: string): string {
  const { rules } = rulesOf(vendor)
  const counted = ['S', 'D', 'T', '?'].map((mark) => [mark, rules.filter((one) => one.mark === mark).length])
  return counted.flatMap(([mark, count]) => (count === 0 ? [] : [`${count} ${mark}`])).join(', ')
}

/** The table of docs/guide/token-kinds.md: what the key of each role can be on the stand-in of each make. */
export function rolesTable(rows: readonly MakeShown[], servers: readonly Served[]): string {
  const lines = [...new Set(rows.map(({ vendor }) => vendor))].map((vendor) => {
    const own = rows.filter((row) => row.vendor === vendor)
    const variants = own.length === 1 ? '' : ` (${own.map(({ variant }) => variant).join(', ')})`
    return [
      `\`${vendor}\`${variants}`,
      ...roles.map((role) => cell(variantsOf(own.filter((row) => row.roles[role] === null)), own)),
      cell(variantsOf(servers.filter((one) => one.vendor === vendor && one.refused === null)), own),
      marksOf(vendor),
    ]
  })
  const head = ['stand-in', ...roles, 'server', 'rules']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const variantsOf = (rows: readonly { readonly variant: string }[]): string[] =>
  rows.map(({ variant }) => variant)
