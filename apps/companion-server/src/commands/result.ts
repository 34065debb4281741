import { HsmError } from '@lux/hsm'
import { EnvironmentError, type Outcome } from '../refusal.ts'

/** Exit statuses of the commands: done, refused, wrong use, the environment failed. */
export const exit = { done: 0, refused: 1, usage: 2, environment: 3 } as const

type Output = { readonly json: boolean }

/** One result on stdout: a JSON document, or the lines that `show` makes of it. */
export function report<T>(output: Output, outcome: Outcome<T>, show: (value: T) => readonly string[]): void {
  if (outcome.ok) {
    process.stdout.write(
      output.json ? `${JSON.stringify(outcome.value)}\n` : `${show(outcome.value).join('\n')}\n`,
    )
    return
  }
  process.exitCode = exit.refused
  if (output.json) process.stdout.write(`${JSON.stringify({ rule: outcome.rule, detail: outcome.detail })}\n`)
  process.stderr.write(`refused: ${outcome.rule}: ${outcome.detail}\n`)
}

/** Runs a command; what the environment did wrong is exit 3, and anything else is a bug that is shown as one. */
export async function running(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.exitCode = exit.environment
    process.stderr.write(`${explain(error)}\n`)
  }
}

function explain(error: unknown): string {
  if (error instanceof HsmError) return `failed: ${error.code}: ${error.detail}. ${error.remedy}`
  if (error instanceof EnvironmentError) return `failed: ${error.code}: ${error.message}`
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return `failed: ${error.code}: ${error.message}`
  }
  return `INTERNAL: ${error instanceof Error ? error.stack : String(error)}`
}
