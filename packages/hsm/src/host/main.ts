import { runHost } from './host.ts'

runHost()
