import { setNonce } from 'get-nonce'

/** Radix's style elements carry this load's nonce; imported before anything of Radix. */
const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')
if (meta?.nonce) setNonce(meta.nonce)
