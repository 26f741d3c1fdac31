// SPDX-License-Identifier: MIT OR Apache-2.0
// Publishing: files are uploaded one after another; what each goes by is shown when it is in.
import { address, authorization, get, heard, refreshToken } from './api.js'
import { openDialog } from './dialogs.js'
import { $, el, icon, toast } from './dom.js'
import { bytes, percent } from './format.js'
import { nameRow, qrCanvas } from './names.js'

// RFC 8187, for any name.
function disposition(name) {
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename*=UTF-8''${encoded}`
}

// The node's names for it. fetch() does not tell how much has been sent.
function upload(file, progress, signal) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open('POST', address('api/codex/v1/torrent'))
    xhr.responseType = 'text'
    const fields = {
      Accept: 'application/json',
      'Content-Disposition': disposition(file.name),
      'Content-Type': file.type || 'application/octet-stream',
      ...authorization(),
    }
    for (const [name, value] of Object.entries(fields)) xhr.setRequestHeader(name, value)
    xhr.upload.addEventListener('progress', (event) =>
      progress(event.loaded / Math.max(1, file.size)),
    )
    xhr.addEventListener('load', () => {
      heard(true)
      if (xhr.status === 200) return resolve(JSON.parse(xhr.responseText))
      if (xhr.status === 401) {
        return refreshToken().then((given) =>
          given
            ? resolve(upload(file, progress, signal))
            : reject(new Error('Without a token nothing can be published.')),
        )
      }
      reject(new Error(xhr.responseText.slice(0, 300) || `The node answered ${xhr.status}.`))
    })
    xhr.addEventListener('error', () => {
      heard(false)
      reject(new Error('The connection to the node was lost.'))
    })
    xhr.addEventListener('abort', () => reject(new Error('Stopped.')))
    signal.addEventListener('abort', () => xhr.abort())
    if (signal.aborted) reject(new Error('Stopped.'))
    else xhr.send(file)
  })
}

// Before it is sent: who is refused in the middle of a body may not get to read why.
async function checkRoom(file) {
  const { quota, used, reserved } = (await get('status')).space
  if (quota !== null && file.size > quota - used - reserved) {
    throw new Error("The node's quota does not have room for this.")
  }
}

function result(names) {
  const here = (path) => address(path.replace(/^\//, ''))
  const magnet = names.hybrid.magnet
  const qr = qrCanvas(magnet, 'QR code of the magnet link')
  return el(
    'div',
    { class: 'published' },
    el(
      'div',
      { class: 'names' },
      nameRow('Magnet link', magnet),
      nameRow('HTTP link', here(names.links.btih), here(names.links.btih)),
      nameRow('Torrent file', here(names.links.hybridTorrent), here(names.links.hybridTorrent)),
      nameRow('Info hash v1', names.hybrid.v1),
      nameRow('Info hash v2', names.hybrid.v2),
      nameRow('CID', names.cid),
      nameRow('Codex info hash', names.infoHash),
    ),
    qr,
  )
}

class Item {
  constructor(file) {
    this.file = file
    this.control = new AbortController()
    this.bar = el('div', { class: 'fill' })
    this.meter = el(
      'div',
      {
        class: 'bar',
        role: 'progressbar',
        'aria-label': `Upload of ${file.name}`,
        'aria-valuemin': '0',
        'aria-valuemax': '100',
        'aria-valuenow': '0',
      },
      this.bar,
    )
    this.note = el('span', { class: 'note' }, 'Waiting')
    this.stop = el(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': `Stop the upload of ${file.name}`,
        onclick: () => this.control.abort(),
      },
      icon('close'),
    )
    this.element = el(
      'li',
      { class: 'upload' },
      el(
        'div',
        { class: 'upload-head' },
        el('strong', {}, file.name),
        el('span', { class: 'note' }, bytes(file.size)),
        this.note,
        this.stop,
      ),
      this.meter,
    )
  }

  progress(fraction) {
    this.bar.style.transform = `scaleX(${Math.min(1, fraction)})`
    this.meter.setAttribute('aria-valuenow', String(Math.floor(fraction * 100)))
    this.note.textContent = fraction < 1 ? percent(fraction) : 'Hashing'
  }

  done(names) {
    this.element.dataset.state = 'done'
    this.note.textContent = 'Published'
    this.stop.remove()
    this.meter.replaceWith(result(names))
  }

  failed(error) {
    this.element.dataset.state = 'failed'
    this.note.textContent = error.message
    this.note.setAttribute('role', 'alert')
    this.stop.remove()
    this.meter.remove()
  }
}

export class Publishing {
  // `published(names)` is called with what each upload goes by. Uploads go on while the dialog is
  // closed, and are there when it is opened again.
  constructor(published) {
    this.published = published
    this.waiting = []
    this.running = false
    this.list = el('ul', { class: 'uploads', 'aria-label': 'Uploads' })
    $('#publish-button').addEventListener('click', () => this.open())
    window.addEventListener('beforeunload', (event) => {
      if (this.running) event.preventDefault()
    })
  }

  open() {
    if (document.querySelector('dialog[open]')) return
    const choose = el('input', {
      id: 'publish-files',
      type: 'file',
      multiple: true,
      autofocus: true,
      onchange: () => {
        this.take([...choose.files])
        choose.value = ''
      },
    })
    openDialog(
      'Publish',
      () => [
        el(
          'label',
          { class: 'choose', for: 'publish-files' },
          el('strong', {}, 'Choose files, or drop them anywhere'),
          el(
            'span',
            {},
            'Each becomes a torrent, is seeded by this node, and can be had by its hash.',
          ),
        ),
        choose,
        this.list,
      ],
      { class: 'wide', id: 'publish-dialog' },
    )
  }

  drop(files) {
    this.open()
    this.take(files)
  }

  async take(files) {
    const items = files.map((file) => new Item(file))
    this.waiting.push(...items)
    this.list.prepend(...items.map((item) => item.element))
    if (this.running) return
    this.running = true
    while (this.waiting.length) await this.send(this.waiting.shift())
    this.running = false
  }

  async send(item) {
    try {
      item.progress(0)
      await checkRoom(item.file)
      const names = await upload(
        item.file,
        (fraction) => item.progress(fraction),
        item.control.signal,
      )
      item.done(names)
      toast(`Published: ${item.file.name}`)
      this.published(names)
    } catch (error) {
      item.failed(error)
    }
  }
}
