// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers as people read them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

// Rounded down, so that a size is never said to be more than it is.
export function bytes(count) {
  let unit = 0
  let value = count
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  const scale = 10 ** digits
  return `${(Math.floor(value * scale) / scale).toFixed(digits)} ${UNITS[unit]}`
}

export const rate = (count) => `${bytes(count)}/s`

// 100 % is said of what is complete alone.
export function percent(fraction) {
  const value = Math.floor(fraction * 1000) / 10
  return value >= 100 ? '100 %' : value >= 10 ? `${Math.floor(value)} %` : `${value.toFixed(1)} %`
}

export const count = (value) => value.toLocaleString('en-US')

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '∞'
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
}

export const STATES = {
  fetching_metadata: 'Looking for metadata',
  preparing: 'Preparing',
  checking: 'Checking',
  downloading: 'Downloading',
  seeding: 'Seeding',
  paused: 'Paused',
  failed: 'Failed',
  stopping: 'Stopping',
}

export const stateText = (state) => STATES[state] ?? state

// What stands below a progress bar.
export function progressText(torrent) {
  const { state, progress } = torrent
  if (torrent.error)
    return torrent.error.recovers ? 'Waits: ' + torrent.error.code : 'Failed: ' + torrent.error.code
  if (state === 'seeding') return 'Seeding'
  if (!torrent.metadata) return state === 'paused' ? 'Paused' : stateText('fetching_metadata')
  if (state === 'paused') return progress >= 1 ? 'Paused' : `Paused at ${percent(progress)}`
  if (state !== 'downloading') return `${stateText(state)} · ${percent(progress)}`
  if (torrent.downRate < 1) return percent(progress)
  return `${percent(progress)} · ${duration((torrent.size - torrent.done) / torrent.downRate)} left`
}

// Below the gateway: without the torrent's own folder, segment by segment.
export function gatewayPath(path, single) {
  const segments = path.split('/')
  return (single ? segments : segments.slice(1)).map(encodeURIComponent).join('/')
}

const KINDS = {
  video: /\.(mp4|m4v|webm|mkv|ogv|mov)$/i,
  audio: /\.(mp3|m4a|aac|ogg|oga|opus|flac|wav|weba)$/i,
  image: /\.(png|jpe?g|gif|webp|avif|bmp)$/i,
}

// How a browser may show it: video, audio, image; null for all else.
export function mediaKind(name) {
  return Object.keys(KINDS).find((kind) => KINDS[kind].test(name)) ?? null
}

// What was typed or dropped as text: a magnet link, an info hash or CID, the address of one at any
// node's gateway, or the address of a .torrent file. Null when it is none of them.
export function readLink(input) {
  const text = input.trim()
  if (/^magnet:\?/i.test(text)) return { kind: 'link', text }
  const gateway = /^https?:\/\/.*\/(btih|btmh|cid)\/([A-Za-z0-9]+)(\.torrent)?([/?#].*)?$/i.exec(
    text,
  )
  if (gateway) return { kind: 'link', text: gateway[2] }
  if (/^https?:\/\//i.test(text)) return { kind: 'url', text }
  const bare = text.replace(/^urn:(btih|btmh):/i, '')
  return /^[A-Za-z0-9]{32,128}$/.test(bare) ? { kind: 'link', text: bare } : null
}
