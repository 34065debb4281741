import type { User } from './set-up.ts'

/** The command line that runs `program` as `user`, which is the plain one when nothing has to change. */
export function asUser(user: User, program: string, args: readonly string[]): [string, string[]] {
  if (!user.change) return [program, [...args]]
  const change = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--inh-caps=-all']
  return ['setpriv', [...change, '--', program, ...args]]
}
