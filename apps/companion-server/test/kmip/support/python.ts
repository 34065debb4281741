import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

const clients = join(import.meta.dirname, '../clients')
const requirements = join(clients, 'requirements.txt')
const kept = join(import.meta.dirname, '../../../../../.lux/python')

type Ran = { readonly stdout: string; readonly stderr: string }

function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((done, failed) => {
    execFile('python3', [...args], { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error) failed(new Error(`python3 ${args.join(' ')}: ${stderr || error.message}`))
      else done({ stdout, stderr })
    })
  })
}

/** The folder of the clients' packages, by hash, fetched once for each list of them and each Python. */
async function packages(): Promise<string> {
  const { stdout: version } = await run(['-V'])
  const name = createHash('sha256')
    .update(version)
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16)
  const folder = join(kept, name)
  if (existsSync(folder)) return folder
  await mkdir(kept, { recursive: true })
  const fresh = await mkdtemp(join(kept, 'new-'))
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--require-hashes',
  ]
  await run([...pip, '--only-binary=:all:', '--target', fresh, '-r', requirements])
  try {
    await rename(fresh, folder)
  } catch (error) {
    // Another test was sooner.
    await rm(fresh, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** Runs a client in Python, and gives the JSON that it prints. */
export async function python(script: string, ...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, PYTHONPATH: await packages(), HOME: '/nonexistent' }
  const { stdout } = await run(['-B', '-s', join(clients, script), ...args], env)
  return JSON.parse(stdout)
}
