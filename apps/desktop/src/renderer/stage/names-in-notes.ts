/** A remark of the transcript holds no more. */
const longest = 2000

/** One sentence about all these names, or as many as it takes for each to fit into a note of its own. */
export function namesInNotes(names: readonly string[], say: (names: string) => string): string[] {
  const notes: string[][] = []
  for (const name of names) {
    const last = notes.at(-1)
    if (last !== undefined && say([...last, name].join(', ')).length <= longest) last.push(name)
    else notes.push([name])
  }
  return notes.map((some) => say(some.join(', ')))
}
