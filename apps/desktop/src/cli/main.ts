import { protectProcess } from '@lux/hsm/protect'
import { custody } from './custody.ts'

// A run's files are for its owner alone; whatever is meant for others is given its mode when it is written.
process.umask(0o077)
// PINs and passphrases pass through here.
protectProcess()

// Whoever reads may have had enough (`| head`): the result is then nobody's, and progress is only a remark.
process.stdout.on('error', leaveQuietly)
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

process.exitCode = await custody(process.argv.slice(2))
