import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { EnvironmentError } from '../../refusal.ts'

/** The unprivileged account that PostgreSQL runs under when we are root. */
export type Account = { readonly uid: number; readonly gid: number }

const name = 'postgres'

/** Null when we are not root: PostgreSQL then runs as we do. As root the account is made when it is missing. */
export async function serviceAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const found = await find()
  if (found !== null) return found
  try {
    await promisify(execFile)('useradd', ['--system', '--user-group', '--no-create-home', name])
  } catch (error) {
    throw new EnvironmentError(
      'DATABASE-ACCOUNT',
      `could not make the account ${name}: useradd --system ${name}`,
      {
        cause: error,
      },
    )
  }
  const made = await find()
  if (made === null) throw new EnvironmentError('DATABASE-ACCOUNT', `useradd made no account ${name}`)
  return made
}

async function find(): Promise<Account | null> {
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name) return { uid: Number(uid), gid: Number(gid) }
  }
  return null
}
