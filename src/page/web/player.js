// SPDX-License-Identifier: MIT OR Apache-2.0
// Content by its address: played, shown, saved. Elements and links can't send a token; where one is
// needed the page fetches the file itself, up to a size.
import { address, hasToken, request } from './api.js'
import { openDialog } from './dialogs.js'
import { el, icon, toast } from './dom.js'
import { bytes, gatewayPath, mediaKind } from './format.js'

const FETCHED_BYTES_MAX = 512 * 1024 * 1024

// The gateway's address of a torrent, or of a file in it.
export function contentPath(torrent, file = null, single = false) {
  const base = torrent.v1 ? `btih/${torrent.v1}` : `btmh/${torrent.v2}`
  return file ? `${base}/${gatewayPath(file.path, single)}` : base
}

async function fetched(path, size) {
  if (size > FETCHED_BYTES_MAX) {
    throw new Error(
      `With a token the page handles files up to ${bytes(FETCHED_BYTES_MAX)}; ` +
        'larger ones are for programs that can send it.',
    )
  }
  const response = await request(path, { timeout: 2 ** 31 - 1 })
  return URL.createObjectURL(await response.blob())
}

// A click on a link that needs a token.
export async function save(path, name, size) {
  try {
    const url = await fetched(path, size)
    const link = el('a', { href: url, download: name })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  } catch (error) {
    toast(error.message, 'bad')
  }
}

export function saveLink(path, name, size) {
  return el(
    'a',
    {
      class: 'icon-button',
      href: address(`${path}?download=1`),
      download: name,
      'aria-label': `Save ${name}`,
      onclick: (event) => {
        if (!hasToken()) return
        event.preventDefault()
        save(path, name, size)
      },
    },
    icon('download'),
  )
}

function mediaElement(kind, name) {
  if (kind === 'image') return el('img', { class: 'media', alt: name })
  return el(kind, { class: 'media', controls: true, autoplay: true, 'aria-label': name })
}

export function play(path, name, size) {
  const kind = mediaKind(name)
  const media = mediaElement(kind, name)
  const note = el('p', { class: 'problem', role: 'alert' })
  let url = null
  media.addEventListener('error', () => {
    if (media.src) note.textContent = "This browser can't show it, or its content can't be had now."
  })
  if (hasToken()) {
    fetched(path, size).then(
      (made) => (media.src = url = made),
      (error) => (note.textContent = error.message),
    )
  } else {
    media.src = address(path)
  }
  return openDialog(name, () => [media, note], { class: 'wide player' }).then(() => {
    // Ends what is being fetched for it.
    media.removeAttribute('src')
    media.load?.()
    if (url) URL.revokeObjectURL(url)
  })
}
