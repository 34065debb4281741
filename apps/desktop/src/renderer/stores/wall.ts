import { create } from 'zustand'
import type { WallState } from '../../contract/index.ts'
import { call, onEvent } from '../client.ts'

/** Whether the room has its wall, and why not. */
export const useWall = create<WallState>(() => ({ open: false, why: 'asked' }))

onEvent('wall.changed', (wall) => useWall.setState(wall))

export async function turnWall(on: boolean): Promise<void> {
  const answer = await call('shell.turnWall', { on })
  if (answer.ok) useWall.setState(answer.value)
}
