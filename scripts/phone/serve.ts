/** One code serves the app, by `npm run phone` and beside a rehearsal server. */
export { phoneOut, phonePort, servePhone } from '../../apps/companion-server/src/phone-app.ts'
