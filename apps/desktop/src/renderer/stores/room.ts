import { create } from 'zustand'

/** What the people at this window said, and no log keeps: who ticked their own name, and how far everybody has seen. */
export type Room = {
  here: readonly string[]
  /** Number of the last step whose result the room has seen; null: nothing was shown since the window opened the run. */
  seen: number | null
  /** Stand-ins of a rehearsal sign without being asked one by one. */
  signsAlone: boolean
  /** By digest, how many cards of its words were heard so far. */
  heard: Readonly<Record<string, number>>
  /** By digest, who has said that they heard all its words. */
  heardBy: Readonly<Record<string, readonly string[]>>
  /** What the transcript has taken of this, by step. */
  noted: readonly string[]
  /** By form, what was typed and not taken yet: a pause, the cover or a refusal loses none of it. No PIN and no passphrase. */
  typed: Readonly<Record<string, Fields>>
}

type Fields = Readonly<Record<string, string>>

const empty: Room = { here: [], seen: null, signsAlone: false, heard: {}, heardBy: {}, noted: [], typed: {} }
const untyped: Fields = {}

const useRooms = create<{ rooms: Readonly<Record<string, Room>> }>(() => ({ rooms: {} }))

export function useRoom(id: string): Room {
  return useRooms(({ rooms }) => rooms[id]) ?? empty
}

/** Who is in the room: as the transcript has it, and before the roll call who ticked their own name. */
export function useHere({ id, here }: { readonly id: string; readonly here: readonly string[] | null }) {
  const { here: ticked } = useRoom(id)
  return here ?? ticked
}

export function roomOf(id: string): Room {
  return useRooms.getState().rooms[id] ?? empty
}

export function changeRoom(id: string, change: Partial<Room>): void {
  useRooms.setState(({ rooms }) => ({ rooms: { ...rooms, [id]: { ...(rooms[id] ?? empty), ...change } } }))
}

/** From where this window showed results when it first opened the run: it is not looked for again. */
export function keepSeen(id: string, before: number): void {
  if (roomOf(id).seen === null) changeRoom(id, { seen: before })
}

/** What was typed into a form of a run so far, and what changes or empties it. */
export function useTyped(id: string, form: string) {
  const values = useRooms(({ rooms }) => rooms[id]?.typed[form]) ?? untyped
  const keep = (now: Fields) => changeRoom(id, { typed: { ...roomOf(id).typed, [form]: now } })
  return {
    values,
    type: (change: Fields) => keep({ ...(roomOf(id).typed[form] ?? untyped), ...change }),
    clear: () => keep(untyped),
  }
}

export function tick(id: string, name: string, here: boolean): void {
  useRooms.setState(({ rooms }) => {
    const room = rooms[id] ?? empty
    const others = room.here.filter((one) => one !== name)
    return { rooms: { ...rooms, [id]: { ...room, here: here ? [...others, name] : others } } }
  })
}
