let isOpen = false

/** Null, as of a dialog that was closed, while another one is open: presses in a row would put many over each other. */
export async function oneDialog<T>(show: () => Promise<T | null>): Promise<T | null> {
  if (isOpen) return null
  isOpen = true
  try {
    return await show()
  } finally {
    isOpen = false
  }
}
