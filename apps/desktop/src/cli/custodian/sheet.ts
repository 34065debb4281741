import { utf8 } from '@lux/crypto'
import type { CustodianShareOpened } from '@lux/people'
import { sheetCode } from '../../core/use-cases/sheet-code.ts'

const columns = 3

/** A page of its own, to print: the words with their places, and what the share is of. */
export function sheetOf(share: CustodianShareOpened): Uint8Array {
  const { domain, ceremonyId, key, set, t, n, index, name, words } = share
  const all = words.split(' ')
  const rows = Math.ceil(all.length / columns)
  const cell = (at: number) => (all[at] === undefined ? '<td></td>' : `<td><b>${at + 1}</b> ${all[at]}</td>`)
  const table = Array.from(
    { length: rows },
    (_, row) =>
      `<tr>${Array.from({ length: columns }, (_, column) => cell(column * rows + row)).join('')}</tr>`,
  )
  const facts = [
    ['Custodian', name],
    ['Root key', key],
    ['Ceremony', ceremonyId],
    ['Backup set', set],
    ['Checked alone by', share.share],
  ]
  return utf8(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Backup share ${index} of ${n}</title>
<style>
  body { font: 12pt serif; max-width: 18cm; margin: 1cm auto; color: #000; background: #fff }
  table { border-collapse: collapse; width: 100% }
  td, th { border: 1px solid #000; padding: 2mm; text-align: start; overflow-wrap: anywhere }
  td { font-family: monospace; font-size: 13pt }
  svg { width: 6cm }
  td b { display: inline-block; min-width: 2em; font-size: 10pt }
</style>
<h1>Share ${index} of ${n}</h1>
<p>Any ${t} of ${n} shares and the sealed medium give the root key back.${domain === 'rehearsal' ? ' <strong>Rehearsal: worth nothing.</strong>' : ''}</p>
<table>${facts.map(([label, value]) => `<tr><th>${escaped(label)}</th><td>${escaped(value)}</td></tr>`).join('')}</table>
<h2>Words</h2>
<table>${table.join('')}</table>
<h2>The same words, to scan</h2>
${codeOf(words)}
<p>Read the words back from this paper before you leave: <code>custody custodian prove</code>. Keep it in its bag, away from the
medium and from the other shares. Show it to nobody who does not restore.</p>
</html>
`)
}

/** Light modules around a code, ISO/IEC 18004 section 9.1. */
const quietZone = 4

function codeOf(words: string): string {
  const { size, dark } = sheetCode(words)
  const side = size + 2 * quietZone
  const path = Array.from(dark, (module, at) =>
    module === 1 ? `M${(at % size) + quietZone} ${Math.floor(at / size) + quietZone}h1v1h-1z` : '',
  ).join('')
  return `<svg role="img" aria-label="QR code of the words" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path d="${path}"/></svg>`
}

function escaped(text = ''): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
