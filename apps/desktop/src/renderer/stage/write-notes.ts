import { call } from '../client.ts'
import type { Act } from '../runner/act.ts'
import { changeRoom, roomOf } from '../stores/room.ts'

type Said = { id: string; step: string; by: string; texts: readonly string[] }

/** Whether the transcript has all of it. What it took before stands there once, however often people press. */
export async function writeNotes({ id, step, by, texts }: Said, act: Act): Promise<boolean> {
  for (const text of texts) {
    const said = `${step} ${text}`
    if (roomOf(id).noted.includes(said)) continue
    if (!(await act(call('ceremonies.note', { id, by, text })))) return false
    changeRoom(id, { noted: [...roomOf(id).noted, said] })
  }
  return true
}
