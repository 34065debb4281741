import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '../state-folder/private-file.ts'

const fileOf = (home: string) => join(home, 'started-by')

/** Notes that this process started the database in `home`. */
export async function writeStarter(home: string): Promise<void> {
  await writeFile(fileOf(home), `${process.pid} ${(await startTime(process.pid)) ?? ''}\n`)
}

/** Whether the process that started the database is no more. A pid that was given to another does not count. */
export async function starterIsGone(home: string): Promise<boolean> {
  let text: string
  try {
    text = (await readFile(fileOf(home), 'utf8')).trim()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
  const [pid = '', started = ''] = text.split(' ')
  if (started !== '') return (await startTime(Number(pid))) !== started
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return isErrno(error, 'ESRCH')
  }
}

/** Clock ticks from boot to the start of a process (proc(5), field 22), or null where there is no such process. */
async function startTime(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name in field 2 may itself hold spaces and brackets; the fields after its last bracket start at 3.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
