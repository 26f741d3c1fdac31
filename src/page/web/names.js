// SPDX-License-Identifier: MIT OR Apache-2.0
// What a torrent goes by: links and hashes to copy, and a QR code.
import { copyText, el, icon } from './dom.js'
import { drawQr, encodeQr } from './qr.js'

// One name with its button. `href` makes it a link too.
export function nameRow(label, text, href = null) {
  return el(
    'div',
    { class: 'name-row' },
    el('span', { class: 'label' }, label),
    href
      ? el('a', { href, target: '_blank', rel: 'noopener' }, text)
      : el('code', { title: text }, text),
    el(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': `Copy: ${label}`,
        onclick: () => copyText(text, label),
      },
      icon('copy'),
    ),
  )
}

// Null when the text is too long for any code.
export function qrCanvas(text, label) {
  const code = encodeQr(text, 'M') ?? encodeQr(text, 'L')
  if (!code) return null
  const canvas = el('canvas', { class: 'qr', role: 'img', 'aria-label': label })
  drawQr(canvas, code)
  return canvas
}
