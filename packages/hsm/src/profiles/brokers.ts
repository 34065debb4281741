/** A library that stands before others. Its tokens are known by their own profiles, so it has none. */
type Broker = {
  /** Usual places, as in a profile. */
  readonly libraries: readonly string[]
  readonly environment: readonly string[]
  /** It loads other libraries into its own process: they read their variables there. */
  readonly loadsOthers: boolean
  readonly source: string
}

/** p11-kit: `P11_KIT_SERVER_ADDRESS` names the server of its client; the proxy loads what p11-kit's settings name. */
export const brokers: readonly Broker[] = [
  {
    libraries: ['/usr/lib/*/p11-kit-proxy.so', '/usr/lib64/p11-kit-proxy.so'],
    environment: [],
    loadsOthers: true,
    source: 'https://p11-glue.github.io/p11-glue/p11-kit/manual/sharing.html',
  },
  {
    libraries: ['/usr/lib/*/pkcs11/p11-kit-client.so', '/usr/lib64/pkcs11/p11-kit-client.so'],
    environment: ['P11_KIT_SERVER_ADDRESS'],
    loadsOthers: false,
    source: 'https://p11-glue.github.io/p11-glue/p11-kit/manual/remoting.html',
  },
]
