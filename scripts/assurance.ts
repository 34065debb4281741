import { assuranceGaps } from './pages/assurance.ts'

const gaps = assuranceGaps()
for (const gap of gaps) process.stderr.write(`assurance: ${gap}\n`)
process.exitCode = gaps.length === 0 ? 0 : 1
