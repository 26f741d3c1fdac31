// SPDX-License-Identifier: MIT OR Apache-2.0
// The list on the screen: as many rows as there is room for, whatever the number of torrents. A
// grid to assistive technology, with one active row.
import { el, setAttribute, setText } from './dom.js'
import { bytes, count, percent, progressText, rate } from './format.js'

const OVERSCAN = 6
// Browsers give up on elements much higher than this; beyond it places are scaled.
const HEIGHT_MAX = 12_000_000

class Row {
  constructor() {
    this.name = el('span', { class: 'name' })
    this.tag = el('span', { class: 'tag' })
    this.bar = el('div', { class: 'fill' })
    this.progress = el('span', { class: 'progress-text' })
    this.size = el('div', { class: 'size', role: 'gridcell' })
    this.down = el('span', { class: 'down' })
    this.up = el('span', { class: 'up' })
    this.peers = el('div', { class: 'peers', role: 'gridcell' })
    this.element = el(
      'div',
      { class: 'row', role: 'row' },
      el(
        'div',
        { class: 'title', role: 'gridcell' },
        el('span', { class: 'dot', 'aria-hidden': 'true' }),
        this.name,
        this.tag,
      ),
      el(
        'div',
        { class: 'progress', role: 'gridcell' },
        el('div', { class: 'bar', 'aria-hidden': 'true' }, this.bar),
        this.progress,
      ),
      this.size,
      el('div', { class: 'rates', role: 'gridcell' }, this.down, this.up),
      this.peers,
    )
  }

  place(index, top, height) {
    this.index = index
    this.element.id = `row-${index}`
    this.element.style.height = `${height}px`
    this.element.style.transform = `translateY(${top}px)`
    setAttribute(this.element, 'aria-rowindex', String(index + 2))
  }

  show(torrent, active, open) {
    this.hash = torrent?.hash ?? null
    this.element.classList.toggle('waiting', !torrent)
    this.element.classList.toggle('active', active)
    this.element.classList.toggle('open', open)
    setAttribute(this.element, 'aria-selected', String(active))
    if (!torrent) {
      for (const cell of [
        this.name,
        this.tag,
        this.progress,
        this.size,
        this.down,
        this.up,
        this.peers,
      ])
        setText(cell, '')
      this.bar.style.transform = 'scaleX(0)'
      return
    }
    const state = torrent.error ? 'failed' : torrent.state
    setAttribute(this.element, 'data-state', state)
    setAttribute(this.element, 'data-hash', torrent.hash)
    setText(this.name, torrent.name || torrent.hash)
    setAttribute(this.name, 'title', torrent.name || torrent.hash)
    this.bar.style.transform = `scaleX(${torrent.progress})`
    setText(this.tag, torrent.v2 ? (torrent.v1 ? 'hybrid' : 'v2') : '')
    setText(this.progress, progressText(torrent))
    setAttribute(this.progress, 'data-percent', percent(torrent.progress))
    setText(this.size, torrent.metadata ? bytes(torrent.size) : '')
    // The node's rates are means that fade out; what is paused does nothing.
    const moves = torrent.state !== 'paused'
    setText(this.down, moves && torrent.downRate >= 1 ? `↓ ${rate(torrent.downRate)}` : '')
    setText(this.up, moves && torrent.upRate >= 1 ? `↑ ${rate(torrent.upRate)}` : '')
    setText(this.peers, torrent.peers ? count(torrent.peers) : '')
  }
}

export class List {
  // `open(hash)` is called when a row is chosen.
  constructor(root, torrents, open) {
    this.root = root
    this.torrents = torrents
    this.body = root.querySelector('.rows')
    this.space = root.querySelector('.space')
    this.shown = new Map()
    this.free = []
    this.active = -1
    this.activeHash = null
    this.openHash = null
    this.frame = 0
    this.body.addEventListener('scroll', () => this.later())
    new ResizeObserver(() => this.later()).observe(this.body)
    this.space.addEventListener('click', (event) => {
      const row = event.target.closest('.row')
      if (!row?.dataset.hash || row.classList.contains('waiting')) return
      this.activate(Number(row.id.slice(4)), false)
      open(row.dataset.hash)
    })
  }

  later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.render()
    })
  }

  get rowHeight() {
    return parseFloat(getComputedStyle(this.root).getPropertyValue('--row-height')) || 48
  }

  // Other rows are at other places: keeps the active one what it was, if it is near.
  changed() {
    const place = this.activeHash === null ? -1 : this.torrents.placeOf(this.activeHash)
    if (place >= 0) this.active = place
    if (this.active >= this.torrents.matched) this.active = this.torrents.matched - 1
    const torrent = this.torrents.rows.get(this.active)
    if (torrent) this.activeHash = torrent.hash
    this.later()
  }

  top() {
    this.body.scrollTop = 0
    this.active = -1
    this.activeHash = null
  }

  render() {
    const { matched, rows } = this.torrents
    const height = this.rowHeight
    const full = matched * height
    const tall = Math.min(full, HEIGHT_MAX)
    const room = this.body.clientHeight
    // Where the list would be scrolled to if it could have its full height.
    const scale = tall > room ? (full - room) / (tall - room) : 1
    const top = this.body.scrollTop * scale
    const first = Math.max(0, Math.floor(top / height) - OVERSCAN)
    const last = Math.min(matched, Math.ceil((top + room) / height) + OVERSCAN)
    this.space.style.height = `${tall}px`
    setAttribute(this.root, 'aria-rowcount', String(matched + 1))
    for (const [index, row] of this.shown) {
      if (index >= first && index < last) continue
      this.shown.delete(index)
      row.element.remove()
      this.free.push(row)
    }
    for (let index = first; index < last; index++) {
      let row = this.shown.get(index)
      if (!row) {
        row = this.free.pop() ?? new Row()
        this.shown.set(index, row)
        this.space.append(row.element)
      }
      row.place(index, index * height - top + this.body.scrollTop, height)
      const torrent = rows.get(index)
      row.show(
        torrent,
        index === this.active,
        torrent !== undefined && torrent.hash === this.openHash,
      )
    }
    if (this.active >= first && this.active < last) {
      setAttribute(this.root, 'aria-activedescendant', `row-${this.active}`)
    } else {
      this.root.removeAttribute('aria-activedescendant')
    }
    this.torrents.want(first, last)?.catch(() => {})
  }

  activate(index, scroll = true) {
    if (this.torrents.matched === 0) return
    this.active = Math.max(0, Math.min(this.torrents.matched - 1, index))
    this.activeHash = this.torrents.rows.get(this.active)?.hash ?? null
    if (scroll) this.reveal()
    this.render()
  }

  reveal() {
    const height = this.rowHeight
    const room = this.body.clientHeight
    const full = this.torrents.matched * height
    const tall = Math.min(full, HEIGHT_MAX)
    const scale = tall > room ? (full - room) / (tall - room) : 1
    const top = this.body.scrollTop * scale
    const at = this.active * height
    if (at < top) this.body.scrollTop = at / scale
    else if (at + height > top + room) this.body.scrollTop = (at + height - room) / scale
  }

  get pageRows() {
    return Math.max(1, Math.floor(this.body.clientHeight / this.rowHeight) - 1)
  }

  get activeTorrent() {
    return this.torrents.rows.get(this.active) ?? null
  }
}
