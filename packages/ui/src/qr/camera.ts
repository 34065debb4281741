/** Codes of resources/locales for a camera that gives no picture. */
type CameraCode = 'CAMERA-DENIED' | 'CAMERA-ABSENT' | 'CAMERA-BUSY' | 'CAMERA-UNSUPPORTED' | 'CAMERA-FAILED'

export type Camera = { readonly stream: MediaStream; readonly id: string; close(): void }

export type Lens = { readonly id: string; readonly label: string }

type Opened =
  | { readonly ok: true; readonly camera: Camera }
  | { readonly ok: false; readonly code: CameraCode }

const kept = 'lux-camera'

/** What getUserMedia's refusals mean to a person (Media Capture and Streams, section 10.3). */
export function cameraCode(name: string): CameraCode {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'CAMERA-DENIED'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'CAMERA-ABSENT'
    case 'NotReadableError':
    case 'AbortError':
      return 'CAMERA-BUSY'
    default:
      return 'CAMERA-FAILED'
  }
}

/** Opens the camera of this id. Without an id it opens the last chosen one, or the one that faces away from the person. */
export async function openCamera(id?: string): Promise<Opened> {
  // Not there on pages that are not served securely, although the types say otherwise.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) return { ok: false, code: 'CAMERA-UNSUPPORTED' }
  const asked = id ?? localStorage.getItem(kept) ?? ''
  const first = await ask(devices, asked)
  // The camera of last time may be gone, so any other will do.
  if (!first.ok && first.code === 'CAMERA-ABSENT' && asked !== '' && id === undefined) return ask(devices, '')
  return first
}

async function ask(devices: MediaDevices, id: string): Promise<Opened> {
  const which = id === '' ? { facingMode: { ideal: 'environment' } } : { deviceId: { exact: id } }
  try {
    const stream = await devices.getUserMedia({
      audio: false,
      video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
    })
    const [track] = stream.getVideoTracks()
    const used = track?.getSettings().deviceId ?? ''
    return { ok: true, camera: { stream, id: used, close: () => closeAll(stream) } }
  } catch (error) {
    return { ok: false, code: cameraCode(error instanceof Error ? error.name : '') }
  }
}

function closeAll(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

export function rememberCamera(id: string): void {
  localStorage.setItem(kept, id)
}

/** The cameras to choose from. Browsers name them only once one was allowed. */
export async function lenses(): Promise<Lens[]> {
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices
    .filter(({ kind }) => kind === 'videoinput')
    .map(({ deviceId, label }) => ({ id: deviceId, label }))
}

type Range = { readonly min: number; readonly max: number; readonly step: number; readonly value: number }

/** MediaStream Image Capture, section 6: what a camera offers beside its picture. The types of the browser leave it out. */
type More = {
  readonly zoom?: { min: number; max: number; step?: number }
  readonly torch?: boolean | boolean[]
}

/** The zoom and light that this camera offers. It leaves out what it lacks. */
export function controlsOf(stream: MediaStream): { zoom: Range | null; torch: boolean } {
  const [track] = stream.getVideoTracks()
  // Not in all browsers, although the types say otherwise.
  const offered = ((track as Partial<MediaStreamTrack> | undefined)?.getCapabilities?.() ?? {}) as More
  const { zoom, torch } = offered
  const now = (track?.getSettings() ?? {}) as { zoom?: number }
  return {
    zoom:
      zoom === undefined || !(zoom.max > zoom.min)
        ? null
        : { min: zoom.min, max: zoom.max, step: zoom.step || 0.1, value: now.zoom ?? zoom.min },
    torch: Array.isArray(torch) ? torch.includes(true) : torch === true,
  }
}

/** False where the camera refuses after all. */
async function apply(stream: MediaStream, asked: { zoom: number } | { torch: boolean }): Promise<boolean> {
  try {
    // A constraint of Image Capture, which the types of the browser leave out.
    await stream.getVideoTracks()[0]?.applyConstraints({ advanced: [asked as MediaTrackConstraintSet] })
    return true
  } catch {
    return false
  }
}

export const setZoom = (stream: MediaStream, zoom: number): Promise<boolean> => apply(stream, { zoom })
export const setTorch = (stream: MediaStream, torch: boolean): Promise<boolean> => apply(stream, { torch })
