import { app, type Session, type WebContents } from 'electron'
import { isOwnUrl } from './origin.ts'

/** Chromium's own traffic (updates, field trials, prefetch) and name look-ups are off. Before the app is ready. */
export function silenceChromium(): void {
  for (const name of [
    'disable-background-networking',
    'disable-component-update',
    'disable-domain-reliability',
    'disable-sync',
    'no-pings',
    'dns-prefetch-disable',
  ]) {
    app.commandLine.appendSwitch(name)
  }
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')
}

/** Only the camera, only as video, only for our own page, and only while a panel there scans codes. */
export function mayUse(
  permission: string,
  url: string,
  mediaTypes: readonly string[],
  scanning: boolean,
): boolean {
  const video = mediaTypes.length === 1 && mediaTypes[0] === 'video'
  return scanning && permission === 'media' && isOwnUrl(url) && video
}

/** `scanning`: whether a panel of the window scans codes now. */
export function lockSession(session: Session, scanning: () => boolean): void {
  session.setSpellCheckerEnabled(false)
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !isOwnUrl(details.url) && !details.url.startsWith('devtools://') })
  })
  session.setPermissionRequestHandler((contents, permission, answer, details) => {
    const media = 'mediaTypes' in details ? (details.mediaTypes ?? []) : []
    answer(mayUse(permission, contents?.getURL() ?? '', media, scanning()))
  })
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, details) =>
    mayUse(permission, requestingOrigin, details.mediaType ? [details.mediaType] : [], scanning()),
  )
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}))
  session.setCertificateVerifyProc((_request, answer) => answer(-2))
  session.on('will-download', (event) => event.preventDefault())
  for (const event of ['select-hid-device', 'select-serial-port', 'select-usb-device'] as const) {
    // The three events share the one thing used here; their union has no common overload of `on`.
    ;(session as NodeJS.EventEmitter).on(event, (e: Electron.Event) => e.preventDefault())
  }
}

export function lockContents(contents: WebContents): void {
  // WebRTC asks for no permission and goes round webRequest. The switch of this name does nothing in Electron.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-frame-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.on('select-bluetooth-device', (event) => event.preventDefault())
}

export function lockEveryContents(): void {
  app.on('web-contents-created', (_event, contents) => lockContents(contents))
}
