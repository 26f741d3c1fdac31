// SPDX-License-Identifier: MIT OR Apache-2.0
// Adding torrents: by magnet link, hash, CID or address, by .torrent file, by drop and by paste.
import { call } from './api.js'
import { form, openDialog } from './dialogs.js'
import { $, el, toast } from './dom.js'
import { readLink } from './format.js'

const TORRENT_BYTES_MAX = 32 * 1024 * 1024
const isTorrent = (file) => /\.torrent$/i.test(file.name)

const fields = () => [
  el('label', { for: 'link' }, 'Magnet link, info hash, CID, or the address of one of these'),
  el('textarea', {
    id: 'link',
    name: 'link',
    rows: 3,
    autofocus: true,
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'magnet:?xt=urn:btih:…',
  }),
  el('label', { for: 'torrent-files' }, 'Or .torrent files'),
  el('input', {
    type: 'file',
    id: 'torrent-files',
    name: 'files',
    accept: '.torrent,application/x-bittorrent',
    multiple: true,
  }),
  el(
    'label',
    { class: 'check' },
    el('input', { type: 'checkbox', name: 'paused' }),
    'Begin paused',
  ),
  el('output', { name: 'problem', class: 'problem', role: 'alert' }),
  el('div', { class: 'buttons' }, el('button', { name: 'submit', class: 'primary' }, 'Add')),
]

export class Adding {
  // `added(torrent)` is called with each; `publish(files)` with dropped files that are no torrents.
  constructor(added, publish) {
    this.added = added
    this.publish = publish
    $('#add-button').addEventListener('click', () => this.open())
    this.watchDrops()
  }

  open() {
    if (document.querySelector('dialog[open]')) return
    openDialog('Add a torrent', (close) => [
      form(
        async (f) => {
          const { link, files, paused, submit, problem } = f.elements
          const text = link.value.trim()
          problem.value = ''
          submit.disabled = true
          try {
            if (!text && !files.files.length) throw new Error('Give a link, or choose a file.')
            if (text) await this.addLink(text, paused.checked)
            for (const file of files.files) await this.addFile(file, paused.checked)
            close()
          } catch (error) {
            problem.value = error.message
          } finally {
            submit.disabled = false
          }
        },
        ...fields(),
      ),
    ])
  }

  async addLink(text, paused = false) {
    const link = readLink(text)
    if (!link) throw new Error('This is neither a magnet link nor a hash, a CID or an address.')
    if (link.kind === 'url')
      throw new Error('This address has no hash in it (/btih/…, /btmh/…, /cid/…).')
    const key = /^magnet:/i.test(link.text) ? 'magnet' : 'hash'
    await this.send(JSON.stringify({ [key]: link.text, paused }), 'application/json')
  }

  async addFile(file, paused = false) {
    if (file.size > TORRENT_BYTES_MAX) throw new Error(`${file.name} is too large for a torrent.`)
    const torrent = await this.send(file, 'application/x-bittorrent')
    if (paused) await call('POST', `torrents/${torrent.hash}/pause`)
  }

  async send(body, type) {
    const torrent = await call('POST', 'torrents', { body, type, timeout: 60_000 })
    toast(`Added: ${torrent.name || torrent.hash}`)
    this.added(torrent)
    return torrent
  }

  // What was dropped or pasted; problems are told, not thrown.
  async take(files, text) {
    const others = [...files].filter((file) => !isTorrent(file))
    try {
      for (const file of files) if (isTorrent(file)) await this.addFile(file)
      if (!files.length && text) await this.addLink(text)
    } catch (error) {
      toast(error.message, 'bad')
    }
    if (others.length) this.publish(others)
  }

  watchDrops() {
    const cover = $('#drop')
    let depth = 0
    const show = (on) => {
      depth = on ? depth : 0
      cover.hidden = !on
    }
    window.addEventListener('dragenter', (event) => {
      event.preventDefault()
      depth++
      show(true)
    })
    window.addEventListener('dragleave', () => {
      depth--
      if (depth <= 0) show(false)
    })
    window.addEventListener('dragover', (event) => event.preventDefault())
    window.addEventListener('drop', (event) => {
      event.preventDefault()
      show(false)
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.())
      if (entries.some((entry) => entry?.isDirectory)) {
        return toast(
          "A folder can't be published from here: a tar archive or the command weir can.",
          'bad',
        )
      }
      this.take(event.dataTransfer.files, event.dataTransfer.getData('text'))
    })
    document.addEventListener('paste', (event) => {
      if (event.target.closest?.('input, textarea')) return
      this.take(event.clipboardData.files, event.clipboardData.getData('text'))
    })
  }
}
