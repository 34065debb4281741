import { parentPort, workerData } from 'node:worker_threads'
import { changedFile } from './changed-file.ts'

// A thread of main's: neither its window nor Chromium waits while a whole package is read.

parentPort?.postMessage(changedFile(String(workerData)))
