import type { Settings } from '../../contract/index.ts'

const wanted = matchMedia('(prefers-contrast: more)')
let setting: Settings['contrast'] = 'system'

/** Marks the page for the styles of high contrast: by the setting, or because the system asks for it. */
export function applyContrast(contrast: Settings['contrast']): void {
  setting = contrast
  mark()
}

function mark(): void {
  document.documentElement.dataset.contrast = setting === 'more' || wanted.matches ? 'more' : 'normal'
}

wanted.addEventListener('change', mark)
mark()
