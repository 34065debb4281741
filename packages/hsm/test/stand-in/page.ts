import { tokenRoles as roles } from '../../src/index.ts'
import { type MakeShown, rulesOf } from './rules.ts'

/** yes, **no**, or the variants that can. */
function cell(rows: readonly MakeShown[], role: (typeof roles)[number]): string {
  const able = rows.filter((row) => row.roles[role] === null).map(({ variant }) => variant)
  if (able.length === rows.length) return 'yes'
  return able.length === 0 ? '**no**' : `${able.join(', ')} only`
}

/** How many rules of each mark, as 45 S, 2 D. */
function marksOf(vendor: string): string {
  const { rules } = rulesOf(vendor)
  const counted = ['S', 'D', 'T', '?'].map((mark) => [mark, rules.filter((one) => one.mark === mark).length])
  return counted.flatMap(([mark, count]) => (count === 0 ? [] : [`${count} ${mark}`])).join(', ')
}

/** The table of docs/guide/tokens.md: what the key of each role can be on the stand-in of each make. */
export function rolesTable(rows: readonly MakeShown[]): string {
  const lines = [...new Set(rows.map(({ vendor }) => vendor))].map((vendor) => {
    const own = rows.filter((row) => row.vendor === vendor)
    const variants = own.length === 1 ? '' : ` (${own.map(({ variant }) => variant).join(', ')})`
    return [`\`${vendor}\`${variants}`, ...roles.map((role) => cell(own, role)), marksOf(vendor)]
  })
  const head = ['stand-in', ...roles, 'rules']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
