// SPDX-License-Identifier: MIT OR Apache-2.0
// A torrent's files, peers and trackers.
import { address, get, hasToken } from './api.js'
import { el, icon, setText } from './dom.js'
import { bytes, count, duration, mediaKind, percent, rate } from './format.js'
import { contentPath, play, save, saveLink } from './player.js'

const FILES_AT_ONCE = 500

// A table whose rows are kept by a key, so that what has the focus keeps it.
class KeyedRows {
  constructor(container, make) {
    this.container = container
    this.make = make
    this.rows = new Map()
  }

  show(items, keyOf) {
    const keys = new Set()
    items.forEach((item, i) => {
      const key = keyOf(item)
      keys.add(key)
      let row = this.rows.get(key)
      if (!row) {
        row = this.make(item)
        this.rows.set(key, row)
      }
      row.update(item)
      if (this.container.children[i] !== row.element) {
        this.container.insertBefore(row.element, this.container.children[i] ?? null)
      }
    })
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue
      row.element.remove()
      this.rows.delete(key)
    }
  }
}

export class FilesTab {
  constructor() {
    this.title = 'Files'
    this.limit = FILES_AT_ONCE
    this.note = el('p', { class: 'note' })
    this.list = el('ul', { class: 'files' })
    this.more = el(
      'button',
      {
        type: 'button',
        class: 'quiet',
        hidden: true,
        onclick: () => {
          this.limit += FILES_AT_ONCE
          this.render()
        },
      },
      'Show more',
    )
    this.links = el('div', { class: 'buttons left' })
    this.element = el('div', {}, this.links, this.note, this.list, this.more)
    this.rows = new KeyedRows(this.list, (file) => this.row(file))
  }

  async update(torrent, signal) {
    if (!torrent.metadata) return setText(this.note, 'The files are known with the metadata.')
    if (!this.files || torrent.done !== this.done) {
      this.files = (await get(`torrents/${torrent.hash}/files`, { signal })).files
      this.done = torrent.done
      this.torrent = torrent
    }
    this.render()
  }

  render() {
    const { files, torrent } = this
    this.single = files.length === 1 && !files[0].path.includes('/')
    setText(
      this.note,
      files.length === 1 ? '' : `${count(files.length)} files, ${bytes(torrent.size)}`,
    )
    this.rows.show(files.slice(0, this.limit), (file) => file.index)
    this.more.hidden = files.length <= this.limit
    if (this.links.childElementCount || this.single) return
    const folder = contentPath(torrent)
    const tar = `${torrent.name}.tar`
    this.links.append(
      el(
        'a',
        { class: 'button quiet', href: address(`${folder}/`), target: '_blank', rel: 'noopener' },
        icon('folder'),
        'Open folder',
      ),
      el(
        'a',
        {
          class: 'button quiet',
          href: address(`${folder}/?format=tar`),
          download: tar,
          onclick: (event) => {
            if (!hasToken()) return
            event.preventDefault()
            save(`${folder}/?format=tar`, tar, torrent.size)
          },
        },
        icon('download'),
        'All as tar',
      ),
    )
  }

  row(file) {
    const path = contentPath(this.torrent, file, this.single)
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    const shown = this.single ? file.path : file.path.slice(file.path.indexOf('/') + 1)
    const fill = el('div', { class: 'fill' })
    const note = el('span', { class: 'note' })
    const element = el(
      'li',
      { class: 'file' },
      el(
        'a',
        {
          href: address(path),
          target: '_blank',
          rel: 'noopener',
          title: shown,
          onclick: (event) => {
            if (!hasToken()) return
            event.preventDefault()
            save(path, name, file.size)
          },
        },
        shown,
      ),
      note,
      mediaKind(name)
        ? el(
            'button',
            {
              type: 'button',
              class: 'icon-button',
              'aria-label': `Play ${name}`,
              onclick: () => play(path, name, file.size),
            },
            icon('play'),
          )
        : null,
      saveLink(path, name, file.size),
      el('div', { class: 'bar', 'aria-hidden': 'true' }, fill),
    )
    const update = ({ size, done }) => {
      const fraction = size ? done / size : 1
      fill.style.transform = `scaleX(${fraction})`
      setText(note, fraction < 1 ? `${percent(fraction)} of ${bytes(size)}` : bytes(size))
      element.classList.toggle('whole', fraction >= 1)
    }
    return { element, update }
  }
}

// Rows of a table with these columns: [title, class, text of an item].
class TableTab {
  constructor(title, columns, none) {
    this.title = title
    this.none = none
    this.note = el('p', { class: 'note' })
    const body = el('tbody')
    this.table = el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ...columns.map(([name, kind]) => el('th', { scope: 'col', class: kind }, name)),
        ),
      ),
      body,
    )
    this.element = el('div', { class: 'table-box' }, this.note, this.table)
    this.rows = new KeyedRows(body, () => {
      const cells = columns.map(([, kind]) => el('td', { class: kind }))
      return {
        element: el('tr', {}, ...cells),
        update: (item) => columns.forEach(([, , text], i) => setText(cells[i], text(item))),
      }
    })
  }

  show(items, keyOf) {
    this.table.hidden = items.length === 0
    setText(this.note, items.length ? '' : this.none)
    this.rows.show(items, keyOf)
  }
}

// What both sides want and allow, in two letters each.
function flags(peer) {
  const down = peer.interested ? (peer.peerChoking ? 'waits' : 'gives') : ''
  const up = peer.peerInterested ? (peer.choking ? 'asks' : 'takes') : ''
  return [down, up, peer.snubbed ? 'slow' : ''].filter(Boolean).join(', ')
}

export class PeersTab extends TableTab {
  constructor() {
    super(
      'Peers',
      [
        ['Address', 'address', (peer) => peer.address],
        ['Client', 'client', (peer) => peer.client || '–'],
        ['Has', 'right', (peer) => percent(peer.progress)],
        ['Down', 'right', (peer) => (peer.downRate ? rate(peer.downRate) : '')],
        ['Up', 'right', (peer) => (peer.upRate ? rate(peer.upRate) : '')],
        ['', 'flags', flags],
      ],
      'Nobody is connected.',
    )
  }

  async update(torrent, signal) {
    const { peers } = await get(`torrents/${torrent.hash}/peers`, { signal })
    peers.sort(
      (a, b) => b.downRate + b.upRate - a.downRate - a.upRate || a.address.localeCompare(b.address),
    )
    this.show(peers, (peer) => `${peer.address} ${peer.direction}`)
  }
}

function trackerNote(tracker) {
  if (tracker.error) return tracker.error
  const known = [
    ['seeders', 'seeds'],
    ['leechers', 'others'],
  ]
    .filter(([key]) => Number.isInteger(tracker[key]) && tracker[key] >= 0)
    .map(([key, name]) => `${count(tracker[key])} ${name}`)
  return known.join(', ')
}

export class TrackersTab extends TableTab {
  constructor() {
    super(
      'Trackers',
      [
        ['Tracker', 'address', (tracker) => tracker.tracker],
        ['State', '', (tracker) => tracker.state.replaceAll('_', ' ')],
        [
          'Next',
          'right',
          (tracker) =>
            tracker.nextAnnounceIn === null ? '' : `in ${duration(tracker.nextAnnounceIn)}`,
        ],
        ['', 'flags', trackerNote],
      ],
      'It has no trackers.',
    )
  }

  async update(torrent, signal) {
    const { trackers } = await get(`torrents/${torrent.hash}/trackers`, { signal })
    this.show(
      trackers.map((tracker, i) => ({ ...tracker, i })),
      (tracker) => tracker.i,
    )
  }
}
