// SPDX-License-Identifier: MIT OR Apache-2.0
// Elements without markup: text is only ever text, whoever wrote it.

export const $ = (selector, root = document) => root.querySelector(selector)

// el('button', { class: 'x', type: 'button', onclick: f, 'aria-label': 'y' }, 'text', child)
// What is null, undefined or false is left out.
export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children)
}

const SVG = 'http://www.w3.org/2000/svg'

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}

// Outlines on a grid of 24.
const ICONS = {
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  download: 'M12 4v11m-5-5l5 5 5-5M5 20h14',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  folder: 'M3 6h6l2 2h10v11H3z',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 20h2',
  recheck: 'M20 12a8 8 0 1 1-3-6.2M20 3v5h-5',
  remove: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  upload: 'M12 20V9m-5 5l5-5 5 5M5 4h14',
}

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg')
  const path = fill(document.createElementNS(SVG, 'path'), { d: ICONS[name] }, [])
  return fill(svg, { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, [path])
}

// Changes what is shown only when it is another: the page stays quiet for those who listen to it.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

let toasts = null

// A sentence in the corner, read aloud too.
export function toast(text, kind = 'info') {
  toasts ??= $('#toasts')
  const note = el(
    'div',
    { class: `toast ${kind}`, role: kind === 'bad' ? 'alert' : 'status' },
    text,
  )
  toasts.append(note)
  while (toasts.childElementCount > 4) toasts.firstElementChild.remove()
  setTimeout(() => note.remove(), kind === 'bad' ? 10_000 : 5_000)
}

export async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Not a secure context, or not allowed: the old way.
    const area = el('textarea', { class: 'off-screen', readonly: true })
    area.value = text
    const host = document.querySelector('dialog[open]') ?? document.body
    host.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  toast(`${what} copied`)
}
