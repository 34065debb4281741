// The whole of what serves this app once it is on a phone. The build fills in the list: each file of the app by its SHA-256.
const files = __FILES__
const kept = 'lux-__VERSION__'
const base = new URL('./', self.location.href)

/** A file from the origin, and only as this list has it: the browser refuses every other content. */
function fetched(path) {
  return fetch(new URL(path, base), { cache: 'no-store', integrity: `sha256-${files[path]}` })
}

async function keepAll() {
  const cache = await caches.open(kept)
  await Promise.all(Object.keys(files).map(async (path) => cache.put(path, await fetched(path))))
}

// A new version waits until no page of the old one is open: nothing changes in the middle of an answer.
self.addEventListener('install', (event) => event.waitUntil(keepAll()))

async function dropOthers() {
  for (const name of await caches.keys()) if (name !== kept) await caches.delete(name)
}

self.addEventListener('activate', (event) => event.waitUntil(dropOthers()))

async function answer(path) {
  // No request leaves for what is no file of the app.
  if (!Object.hasOwn(files, path)) return Response.error()
  const cache = await caches.open(kept)
  return (await cache.match(path)) ?? fetched(path)
}

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  const path = url.pathname.slice(base.pathname.length)
  const own = url.origin === base.origin && url.pathname.startsWith(base.pathname)
  event.respondWith(own ? answer(path === '' ? 'index.html' : path) : Response.error())
})
