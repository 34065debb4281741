import { check } from './locales/check.ts'
import { languagesHere, readTexts } from './locales/read.ts'

/**
 * Prints how many texts each language has, and what is wrong with any of them; exit 1 where something is.
 * `--missing LANGUAGE` lists what is still said in English.
 */
const wanted = process.argv.indexOf('--missing')
const english = readTexts('en')
let faults = 0
for (const language of languagesHere()) {
  const report = check(language, readTexts(language), english)
  const review = readTexts(language).get('meta.status') ?? 'no meta.status'
  const part = ((100 * report.translated) / report.total).toFixed(0)
  const unused = report.unused.length === 0 ? '' : `, ${report.unused.length} unused`
  process.stdout.write(
    `${language.padEnd(6)} ${report.translated} of ${report.total} texts (${part} %), ${review}${unused}\n`,
  )
  for (const fault of report.faults) process.stdout.write(`  ${fault}\n`)
  if (wanted > 0 && process.argv[wanted + 1] === language)
    for (const key of [...report.missing, ...report.unused.map((one) => `unused: ${one}`)])
      process.stdout.write(`  ${key}\n`)
  faults += report.faults.length
}
if (faults > 0) process.exitCode = 1
