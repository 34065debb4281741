/** Licences whose terms this project can meet in what it ships. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSD-3-Clause-Clear',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'OFL-1.1',
  'PostgreSQL',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
])

/** Fine for tools that build or test and are not shipped, and for data with attribution. */
const developmentOnly = new Set(['MPL-2.0', 'CC-BY-3.0', 'CC-BY-4.0', 'EPL-2.0', 'LGPL-3.0-or-later'])

/**
 * Whether an SPDX expression leaves a choice that the product may take: an OR needs one good side, an AND both.
 * Exceptions (WITH) and anything unknown are refused, so that a person looks at them.
 */
export function acceptable(expression: string, use: 'runtime' | 'development'): boolean {
  const inner = expression.trim().replace(/^\((.*)\)$/s, '$1')
  if (/ OR /.test(inner)) return inner.split(/ OR /).some((side) => acceptable(side, use))
  if (/ AND /.test(inner)) return inner.split(/ AND /).every((side) => acceptable(side, use))
  return permissive.has(inner) || (use === 'development' && developmentOnly.has(inner))
}
