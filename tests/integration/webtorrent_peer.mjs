// SPDX-License-Identifier: MIT OR Apache-2.0
// One webtorrent client with one torrent; clients/scripted.py tells its orders.
import { mkdirSync } from 'node:fs'
import { register } from 'node:module'
import { createInterface } from 'node:readline'

// Peers in browsers are not tested, and the package for them needs a native library.
const absent = 'data:text/javascript,' + encodeURIComponent(
  'export const RTCPeerConnection = null, RTCIceCandidate = null, RTCSessionDescription = null')
register('data:text/javascript,' + encodeURIComponent(`
  export async function resolve (name, context, next) {
    return name === 'webrtc-polyfill'
      ? { url: ${JSON.stringify(absent)}, shortCircuit: true }
      : next(name, context)
  }`))
const { default: WebTorrent } = await import('webtorrent')

const orders = JSON.parse(process.argv[2])
mkdirSync(orders.folder, { recursive: true })
const client = new WebTorrent({
  torrentPort: orders.port,
  dht: false,
  lsd: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
  utp: false,
  // It can't choose the address it dials from, and rtorrent takes two of one address for the same.
  seedOutgoingConnections: false,
  tracker: { wrtc: false },
  uploadLimit: orders.up_limit || -1,
  downloadLimit: orders.down_limit || -1
})
client.on('error', error => {
  console.error('client:', error)
  process.exit(1)
})
const torrent = client.add(orders.source, { path: orders.folder })
for (const event of ['warning', 'noPeers', 'wire', 'metadata', 'done']) {
  torrent.on(event, what => console.error(event, what?.message ?? what?.peerId ?? ''))
}
torrent.on('infoHash', () => {
  for (const [address, port] of orders.peers) torrent.addPeer(`${address}:${port}`)
})
createInterface({ input: process.stdin }).on('line', line => {
  const order = JSON.parse(line)
  if ('up_limit' in order) client.throttleUpload(order.up_limit || -1)
}).on('close', () => process.exit(0))
setInterval(() => {
  console.log(JSON.stringify({
    progress: torrent.done ? 1 : Math.min(torrent.progress ?? 0, 0.999),
    uploaded: torrent.uploaded,
    downloaded: torrent.downloaded,
    peers: torrent.numPeers
  }))
}, 100)
