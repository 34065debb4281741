import { fileURLToPath } from 'node:url'
import PDFDocument from 'pdfkit'
import type { Gap } from './checks.ts'
import { frameworks } from './frameworks.ts'
import { type ControlState, type Report, type ReportedEvidence, reportDigest } from './report.ts'

type Doc = PDFKit.PDFDocument
type Element = PDFKit.PDFStructureElement

const fontFile = (name: string): string =>
  fileURLToPath(import.meta.resolve(`source-sans/TTF/SourceSans3-${name}.ttf`))

const ink = '#1a1d21'
const faint = '#5b6470'
const line = '#c9ced6'
const shade = '#eef1f5'
const margin = 44
const size = 8.5
const pad = 3
/** Of one table; the JSON has every row. */
const maxRows = 200

const words: Readonly<Record<ControlState, string>> = {
  gaps: 'Gaps',
  evidence: 'Evidence, no gap seen',
  nothing: 'Nothing is stored',
  'not-visible': 'No server can see it',
}

const statement =
  'This report shows what the server stores, and what is missing in it. It does not say that anybody complies with anything: ' +
  'each control names what a person has to show besides.'

/** The report on paper: tagged, and the same bytes for the same report. */
export async function pdfOf(report: Report): Promise<Uint8Array> {
  const { name, edition } = frameworks[report.framework]
  const title = `${name} ${edition}: evidence and gaps`
  const doc = new PDFDocument({
    ...{ size: 'A4', layout: 'landscape', margin, bufferPages: true, autoFirstPage: false },
    ...{ tagged: true, lang: 'en', displayTitle: true, pdfVersion: '1.7' },
    info: {
      Title: title,
      Author: 'Lux Custody server',
      CreationDate: new Date(report.to),
      ModDate: new Date(report.to),
    },
  })
  const pieces: Uint8Array[] = []
  const ended = new Promise<Uint8Array>((resolve, reject) => {
    doc.on('data', (piece: Uint8Array) => pieces.push(piece))
    doc.on('end', () => resolve(Buffer.concat(pieces)))
    doc.on('error', reject)
  })
  doc.registerFont('text', fontFile('Regular')).registerFont('strong', fontFile('Semibold'))
  doc.addPage()
  const whole = doc.struct('Document')
  doc.addStructure(whole)

  heading(doc, whole, 'H1', 20, title)
  paragraph(doc, whole, statement)
  const { checkpoint } = report
  facts(doc, whole, [
    ['Server', `${report.audience} (${report.domain})`],
    ['Period', `after ${report.from}, up to ${report.to}`],
    [
      'Audit log',
      checkpoint === null
        ? 'no checkpoint is signed yet'
        : `up to checkpoint ${checkpoint.seq} of ${checkpoint.time}, ${checkpoint.hash}`,
    ],
    ['Report', reportDigest(report)],
  ])
  paragraph(
    doc,
    whole,
    'The signed JSON beside this paper has every row. “custody-server verify-report” checks it, and this paper against it.',
  )

  heading(doc, whole, 'H2', 13, 'Controls')
  table(
    doc,
    whole,
    ['Control', 'What it asks', 'State', 'Gaps', 'Evidence', 'What a person has to show'],
    report.controls.map(({ id, title: asks, state, gaps, checks, notSeen }) => [
      ...[id, asks, words[state], gaps === 0 ? '' : String(gaps)],
      ...[checks.map((check) => titleOf(report, check)).join('; '), notSeen.join(' ')],
    ]),
    [1.1, 2.4, 1.1, 0.4, 2.2, 2.2],
  )

  doc.addPage()
  heading(doc, whole, 'H2', 13, 'Evidence')
  paragraph(
    doc,
    whole,
    `What has a time stands as it was at the end of the period. What has none stands as it was on the day of asking: ${(report.asOfAsking ?? []).join(' ')}`,
  )
  for (const evidence of report.evidence) section(doc, whole, evidence)
  whole.end()

  const { start, count } = doc.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    doc.switchToPage(page)
    doc.markContent('Artifact', { type: 'Pagination' })
    const bottom = doc.page.margins.bottom
    // Below the margin there is room that flowing text does not use.
    doc.page.margins.bottom = 0
    doc
      .font('text')
      .fontSize(7.5)
      .fillColor(faint)
      .text(
        `${title} · ${reportDigest(report).slice(0, 16)} · page ${page + 1} of ${count}`,
        margin,
        doc.page.height - 30,
        {
          ...{ width: doc.page.width - 2 * margin, align: 'center', lineBreak: false },
        },
      )
    doc.page.margins.bottom = bottom
    doc.endMarkedContent()
  }
  doc.end()
  return ended
}

const titleOf = (report: Report, check: string): string =>
  report.evidence.find((one) => one.check === check)?.title ?? check

function section(doc: Doc, whole: Element, { title, columns, rows, gaps }: ReportedEvidence): void {
  room(doc, 90)
  heading(doc, whole, 'H3', 10.5, title)
  if (rows.length === 0) paragraph(doc, whole, 'The server stores no row of this.')
  else table(doc, whole, columns, rows.slice(0, maxRows))
  if (rows.length > maxRows)
    paragraph(doc, whole, `${rows.length - maxRows} more rows stand in the signed JSON.`)
  if (gaps.length > 0) gapList(doc, whole, gaps)
  doc.y += 8
}

function gapList(doc: Doc, whole: Element, gaps: readonly Gap[]): void {
  table(
    doc,
    whole,
    ['Gap in', 'What is missing'],
    gaps.slice(0, maxRows).map(({ of, gap }) => [of, gap]),
    [1, 2],
  )
  if (gaps.length > maxRows)
    paragraph(doc, whole, `${gaps.length - maxRows} more gaps stand in the signed JSON.`)
}

function heading(doc: Doc, whole: Element, tag: 'H1' | 'H2' | 'H3', points: number, text: string): void {
  whole.add(
    doc.struct(tag, {}, () => {
      doc.font('strong').fontSize(points).fillColor(ink).text(shown(text), margin, doc.y)
    }),
  )
  doc.y += points / 3
}

function paragraph(doc: Doc, whole: Element, text: string): void {
  whole.add(
    doc.struct('P', {}, () => {
      doc
        .font('text')
        .fontSize(9.5)
        .fillColor(ink)
        .text(shown(text), margin, doc.y, { width: inner(doc) })
    }),
  )
  doc.y += 6
}

function facts(doc: Doc, whole: Element, pairs: readonly (readonly [string, string])[]): void {
  for (const [name, value] of pairs) {
    const y = doc.y
    whole.add(
      doc.struct('P', {}, () => {
        doc
          .font('strong')
          .fontSize(9.5)
          .fillColor(ink)
          .text(`${name}: `, margin, y, { width: 80, lineBreak: false })
        doc.font('text').text(shown(value), margin + 80, y, { width: inner(doc) - 80 })
      }),
    )
  }
  doc.y += 6
}

/** Rows are never cut by the end of a page; the columns' names stand again on the next one. */
function table(
  doc: Doc,
  whole: Element,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  shares: readonly number[] = shareOut(columns, rows),
): void {
  const total = shares.reduce((sum, one) => sum + one, 0)
  const widths = shares.map((one) => (one / total) * inner(doc))
  const element = doc.struct('Table')
  whole.add(element)
  const head = columns.map(shown)
  row(doc, element, head, widths, 'TH')
  for (const cells of rows) {
    const text = cells.map(shown)
    if (doc.y + heightOf(doc, text, widths) > doc.page.height - margin) {
      doc.addPage()
      doc.markContent('Artifact', { type: 'Layout' })
      drawRow(doc, head, widths, 'TH')
      doc.endMarkedContent()
    }
    row(doc, element, text, widths, 'TD')
  }
  element.end()
  doc.y += 8
}

function row(
  doc: Doc,
  parent: Element,
  cells: readonly string[],
  widths: readonly number[],
  tag: 'TH' | 'TD',
): void {
  // Cells are drawn as they are added to what is in the document already.
  const element = doc.struct('TR')
  parent.add(element)
  const top = doc.y
  const height = heightOf(doc, cells, widths)
  doc.markContent('Artifact', { type: 'Layout' })
  ground(doc, top, height, tag)
  doc.endMarkedContent()
  cells.forEach((text, at) => {
    element.add(doc.struct(tag, {}, () => cell(doc, text, leftOf(widths, at), top, widths[at] ?? 0, tag)))
  })
  element.end()
  doc.y = top + height
}

/** The same outside of the structure: what a reader of tags has heard already. */
function drawRow(doc: Doc, cells: readonly string[], widths: readonly number[], tag: 'TH' | 'TD'): void {
  const top = doc.y
  const height = heightOf(doc, cells, widths)
  ground(doc, top, height, tag)
  cells.forEach((text, at) => {
    cell(doc, text, leftOf(widths, at), top, widths[at] ?? 0, tag)
  })
  doc.y = top + height
}

function ground(doc: Doc, top: number, height: number, tag: 'TH' | 'TD'): void {
  if (tag === 'TH') doc.rect(margin, top, inner(doc), height).fill(shade)
  doc
    .moveTo(margin, top + height)
    .lineTo(margin + inner(doc), top + height)
    .lineWidth(0.5)
    .stroke(line)
}

function cell(doc: Doc, text: string, left: number, top: number, width: number, tag: 'TH' | 'TD'): void {
  doc
    .font(tag === 'TH' ? 'strong' : 'text')
    .fontSize(size)
    .fillColor(ink)
    .text(text === '' ? ' ' : text, left + pad, top + pad, { width: width - 2 * pad })
}

function heightOf(doc: Doc, cells: readonly string[], widths: readonly number[]): number {
  doc.font('strong').fontSize(size)
  const each = cells.map((text, at) =>
    doc.heightOfString(text || ' ', { width: (widths[at] ?? 0) - 2 * pad }),
  )
  return Math.max(...each) + 2 * pad
}

const leftOf = (widths: readonly number[], at: number): number =>
  margin + widths.slice(0, at).reduce((sum, one) => sum + one, 0)

/** By the longest text of each column, within bounds. */
const shareOut = (columns: readonly string[], rows: readonly (readonly string[])[]): number[] =>
  columns.map((name, at) => {
    const longest = Math.max(name.length, ...rows.slice(0, maxRows).map((cells) => cells[at]?.length ?? 0))
    return Math.min(Math.max(longest + 2, 9), 44)
  })

const inner = (doc: Doc): number => doc.page.width - 2 * margin

/** Starts a page where less than this is left of one. */
function room(doc: Doc, height: number): void {
  if (doc.y + height > doc.page.height - margin) doc.addPage()
}

/** What the font has no shape for is written as its number: a name is never left out. */
const shown = (text: string): string =>
  text.replaceAll(/[^\u0020-\u024f\u0370-\u052f\u1e00-\u1fff\u2010-\u203a\u20ac]/gu, (one) => {
    const code = one.codePointAt(0) ?? 0
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  })
