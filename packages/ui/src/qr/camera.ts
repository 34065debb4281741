/** Why there is no picture: codes of resources/locales. */
export type CameraCode =
  | 'CAMERA-DENIED'
  | 'CAMERA-ABSENT'
  | 'CAMERA-BUSY'
  | 'CAMERA-UNSUPPORTED'
  | 'CAMERA-FAILED'

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

/** The camera of this id; without one the camera that was chosen last, else the one that looks away from the person. */
export async function openCamera(id?: string): Promise<Opened> {
  // Absent where a page is not served securely, although the types say otherwise.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) return { ok: false, code: 'CAMERA-UNSUPPORTED' }
  const asked = id ?? localStorage.getItem(kept) ?? ''
  const first = await ask(devices, asked)
  // A camera that was remembered may be gone: then any other.
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

/** The cameras to choose from; their names are known once one of them was allowed. */
export async function lenses(): Promise<Lens[]> {
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices
    .filter(({ kind }) => kind === 'videoinput')
    .map(({ deviceId, label }) => ({ id: deviceId, label }))
}
