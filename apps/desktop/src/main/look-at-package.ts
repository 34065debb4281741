import { Worker } from 'node:worker_threads'

/**
 * The file below a package's `resources` that is not as it was packed, null when all are. `entry`: shipped/look.ts as it was
 * built. Rejects where the thread that looks ends without saying so.
 */
export function lookAtPackage(entry: string, resources: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const looking = new Worker(entry, { workerData: resources })
    looking.once('message', (file: unknown) => {
      if (file === null || typeof file === 'string') resolve(file)
      else reject(new TypeError('neither a file nor none'))
    })
    looking.once('error', reject)
    looking.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
}
