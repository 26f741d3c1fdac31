// SPDX-License-Identifier: MIT OR Apache-2.0
// Questions to the user, as modal dialogs: focus stays inside, Escape closes.
import { $, el, icon } from './dom.js'

// Shows a dialog and gives what `close` was called with: close(value) is handed to `build`, which
// gives the content. Null when it was closed otherwise.
export function openDialog(title, build, properties = {}) {
  const before = document.activeElement
  return new Promise((resolve) => {
    let result = null
    const dialog = el('dialog', { 'aria-labelledby': 'dialog-title', ...properties })
    const close = (value = null) => {
      result = value
      dialog.close()
    }
    dialog.append(
      el(
        'header',
        {},
        el('h2', { id: 'dialog-title' }, title),
        el(
          'button',
          { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => close() },
          icon('close'),
        ),
      ),
      ...build(close, dialog),
    )
    dialog.addEventListener('close', () => {
      dialog.remove()
      before?.focus?.()
      resolve(result)
    })
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) close()
    })
    $('#dialogs').append(dialog)
    dialog.showModal()
    dialog.querySelector('[autofocus]')?.focus()
  })
}

// A form whose submission does not leave the page.
export function form(submit, ...children) {
  const out = el('form', { novalidate: true }, ...children)
  out.addEventListener('submit', (event) => {
    event.preventDefault()
    submit(out)
  })
  return out
}

export function askToken(refused) {
  return openDialog('A token is needed', (close) => [
    form(
      (f) => {
        const token = f.elements.token.value.trim()
        if (token) close({ token, keep: f.elements.keep.checked })
      },
      el(
        'p',
        {},
        refused
          ? 'The node does not know this token. Another one?'
          : 'This node answers only those who have one of its tokens.',
      ),
      el('label', { for: 'token' }, 'Token'),
      el('input', {
        id: 'token',
        name: 'token',
        type: 'password',
        autocomplete: 'off',
        autofocus: true,
      }),
      el(
        'label',
        { class: 'check' },
        el('input', { name: 'keep', type: 'checkbox' }),
        'Remember it in this browser',
      ),
      el('div', { class: 'buttons' }, el('button', { class: 'primary' }, 'Continue')),
    ),
  ])
}

// 'keep', 'remove' or null. What was uploaded here can't be forgotten without its content.
export function askRemoval(torrent) {
  const uploaded = Boolean(torrent.upload)
  return openDialog('Remove this torrent?', (close) => [
    form(
      (f) => close(f.elements.content.value),
      el('p', { class: 'named' }, torrent.name || torrent.hash),
      uploaded ? el('p', {}, 'It was uploaded to this node: its content goes with it.') : null,
      el(
        'fieldset',
        {},
        el('legend', {}, 'Its content on this machine'),
        el(
          'label',
          { class: 'check' },
          el('input', {
            type: 'radio',
            name: 'content',
            value: 'keep',
            checked: !uploaded,
            disabled: uploaded,
            autofocus: !uploaded,
          }),
          'Keep the files',
        ),
        el(
          'label',
          { class: 'check' },
          el('input', {
            type: 'radio',
            name: 'content',
            value: 'remove',
            checked: uploaded,
            autofocus: uploaded,
          }),
          'Delete the files',
        ),
      ),
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'button', class: 'quiet', onclick: () => close() }, 'Cancel'),
        el('button', { class: 'danger' }, 'Remove'),
      ),
    ),
  ])
}

const KEYS = [
  ['/', 'Search'],
  ['j  k  ↓  ↑', 'Next and previous torrent'],
  ['Home  End', 'First and last'],
  ['Enter', 'Details'],
  ['Space', 'Pause or resume'],
  ['Delete', 'Remove'],
  ['a', 'Add a torrent'],
  ['p', 'Publish a file'],
  ['Esc', 'Close, or clear the search'],
  ['?', 'This list'],
]

export function showKeys() {
  return openDialog('Keyboard', () => [
    el(
      'dl',
      { class: 'keys' },
      ...KEYS.flatMap(([keys, text]) => [
        el('dt', {}, ...keys.split('  ').map((key) => el('kbd', {}, key))),
        el('dd', {}, text),
      ]),
    ),
  ])
}
