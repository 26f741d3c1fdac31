// SPDX-License-Identifier: MIT OR Apache-2.0
// Everything about one torrent, beside the list.
import { address, call, get } from './api.js'
import { RateHistory, drawPieces, drawRates } from './charts.js'
import { el, icon, setText, toast } from './dom.js'
import { askRemoval } from './dialogs.js'
import { bytes, count, percent, progressText, rate } from './format.js'
import { nameRow, qrCanvas } from './names.js'
import { Poller } from './poller.js'
import { FilesTab, PeersTab, TrackersTab } from './tabs.js'
import { contentPath } from './player.js'

const INTERVAL_MS = 1_000

class OverviewTab {
  constructor() {
    this.title = 'Overview'
    this.history = new RateHistory()
    this.map = el('canvas', { class: 'pieces', role: 'img' })
    this.mapNote = el('p', { class: 'note' })
    this.graph = el('canvas', { class: 'graph', role: 'img' })
    this.down = el('span', { class: 'down' })
    this.up = el('span', { class: 'up' })
    this.facts = el('dl', { class: 'facts' })
    this.names = el('div', { class: 'names' })
    this.element = el(
      'div',
      {},
      el('h3', {}, 'Pieces'),
      this.map,
      this.mapNote,
      el('h3', {}, 'Rates', el('span', { class: 'legend' }, this.down, this.up)),
      this.graph,
      el('h3', {}, 'Facts'),
      this.facts,
      el('h3', {}, 'Names'),
      this.names,
    )
  }

  // Samples go on while another tab is shown.
  sample(torrent) {
    this.history.add(torrent.downRate, torrent.upRate)
  }

  async update(torrent, signal) {
    this.showFacts(torrent)
    this.showNames(torrent)
    setText(this.down, `↓ ${rate(torrent.downRate)}`)
    setText(this.up, `↑ ${rate(torrent.upRate)}`)
    drawRates(this.graph, this.history, true)
    this.graph.setAttribute(
      'aria-label',
      `Down ${rate(torrent.downRate)}, up ${rate(torrent.upRate)}; at most ${rate(this.history.most)}`,
    )
    await this.showPieces(torrent, signal)
  }

  async showPieces(torrent, signal) {
    const { total, done } = torrent.pieces
    this.map.hidden = !total
    if (!total) return setText(this.mapNote, 'Known with the metadata.')
    if (done !== this.piecesDone || !this.pieces) {
      this.pieces = await get(`torrents/${torrent.hash}/pieces`, { signal })
      this.piecesDone = done
    }
    drawPieces(this.map, this.pieces.have, this.pieces.count)
    const text = `${count(done)} of ${count(total)} pieces are here`
    this.map.setAttribute('aria-label', text)
    const each = this.pieces.length
    setText(this.mapNote, `${text}, ${bytes(each)} each`)
  }

  showFacts(torrent) {
    const ratio = torrent.size ? torrent.uploaded / torrent.size : 0
    const facts = {
      State: progressText(torrent),
      Size: torrent.metadata ? `${bytes(torrent.done)} of ${bytes(torrent.size)}` : 'not known yet',
      Downloaded: bytes(torrent.downloaded),
      Uploaded: `${bytes(torrent.uploaded)} (ratio ${ratio.toFixed(2)})`,
      Peers: `${count(torrent.peers)} connected (${count(torrent.seeds)} seeds), ${count(torrent.knownPeers)} known`,
      Copies: torrent.copies === null ? 'not known' : torrent.copies.toFixed(2),
      Wasted: `${bytes(torrent.wasted)}, ${count(torrent.failedPieces)} failed pieces`,
    }
    if (torrent.private) facts.Private = 'yes'
    for (const [name, value] of Object.entries(facts)) {
      let item = this.facts.querySelector(`[data-fact="${name}"]`)
      if (!item) {
        item = el('dd', { 'data-fact': name })
        this.facts.append(el('dt', {}, name), item)
      }
      setText(item, value)
    }
  }

  showNames(torrent) {
    const key = [torrent.magnet, torrent.upload, torrent.metadata].join()
    if (this.namesOf === key) return
    this.namesOf = key
    const link = address(contentPath(torrent))
    const qrPlace = el('div', { class: 'qr-place' })
    const showQr = el(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-expanded': 'false',
        onclick: () => {
          const open = qrPlace.childElementCount === 0
          qrPlace.replaceChildren(
            ...(open
              ? [qrCanvas(torrent.magnet, 'QR code of the magnet link') ?? 'It is too long.']
              : []),
          )
          showQr.setAttribute('aria-expanded', String(open))
        },
      },
      icon('qr'),
      'QR code',
    )
    this.names.replaceChildren(
      ...[
        nameRow('Magnet link', torrent.magnet),
        nameRow('HTTP link', link, link),
        torrent.v1 ? nameRow('Info hash v1', torrent.v1) : null,
        torrent.v2 ? nameRow('Info hash v2', torrent.v2) : null,
        torrent.upload ? nameRow('CID', torrent.upload) : null,
        el(
          'div',
          { class: 'buttons left' },
          torrent.metadata
            ? el('a', { class: 'button quiet', href: `${link}.torrent` }, icon('file'), '.torrent')
            : null,
          showQr,
        ),
        qrPlace,
      ].filter(Boolean),
    )
  }
}

export class Details {
  // `changed()` is called when something was done; `closed()` when the panel closes.
  constructor(root, changed, closed) {
    this.root = root
    this.changed = changed
    this.closed = closed
    this.hash = null
    this.poller = new Poller(() => this.update(), INTERVAL_MS)
  }

  open(hash, focus = false) {
    if (this.hash !== hash) {
      this.hash = hash
      this.torrent = null
      this.control?.abort()
      this.control = new AbortController()
      this.tabs = [new OverviewTab(), new FilesTab(), new PeersTab(), new TrackersTab()]
      this.tab = this.tabs[0]
      this.build()
      this.root.hidden = false
      document.body.classList.add('with-details')
      this.poller.start()
    }
    if (focus) this.root.focus()
  }

  close() {
    if (this.hash === null) return
    this.hash = null
    this.control.abort()
    this.poller.stop()
    this.root.hidden = true
    this.root.replaceChildren()
    document.body.classList.remove('with-details')
    this.closed()
  }

  build() {
    this.name = el('h2', {}, '…')
    this.state = el('p', { class: 'state' })
    this.fill = el('div', { class: 'fill' })
    this.bar = el(
      'div',
      {
        class: 'bar',
        role: 'progressbar',
        'aria-label': 'Progress',
        'aria-valuemin': '0',
        'aria-valuemax': '100',
      },
      this.fill,
    )
    const button = (name, label, action, kind = 'quiet') =>
      el('button', { type: 'button', class: kind, onclick: action }, icon(name), label)
    this.toggle = button('pause', 'Pause', () => this.toggleState())
    this.actions = el(
      'div',
      { class: 'buttons left' },
      this.toggle,
      button('recheck', 'Check', () => this.act('recheck', 'Checking its content')),
      button('remove', 'Remove', () => this.remove(), 'quiet dangerous'),
    )
    this.place = el('div', { class: 'tab-body', role: 'tabpanel', id: 'tab-panel', tabindex: '0' })
    this.tabList = el(
      'div',
      {
        class: 'tabs',
        role: 'tablist',
        'aria-label': 'About this torrent',
        onkeydown: (event) => this.tabKey(event),
      },
      ...this.tabs.map((tab, i) =>
        el(
          'button',
          {
            type: 'button',
            role: 'tab',
            id: `tab-${i}`,
            'aria-controls': 'tab-panel',
            onclick: () => this.select(tab),
          },
          tab.title,
        ),
      ),
    )
    this.root.replaceChildren(
      el(
        'header',
        {},
        this.name,
        el(
          'button',
          {
            type: 'button',
            class: 'icon-button',
            'aria-label': 'Close the details',
            onclick: () => this.close(),
          },
          icon('close'),
        ),
      ),
      this.state,
      this.bar,
      this.actions,
      this.tabList,
      this.place,
    )
    this.select(this.tab)
  }

  select(tab) {
    this.tab = tab
    this.tabs.forEach((each, i) => {
      const button = this.tabList.children[i]
      button.setAttribute('aria-selected', String(each === tab))
      button.tabIndex = each === tab ? 0 : -1
      if (each === tab) this.place.setAttribute('aria-labelledby', button.id)
    })
    this.place.replaceChildren(tab.element)
    if (this.torrent) this.poller.now()
  }

  tabKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step) return
    event.preventDefault()
    const at = (this.tabs.indexOf(this.tab) + step + this.tabs.length) % this.tabs.length
    this.select(this.tabs[at])
    this.tabList.children[at].focus()
  }

  async update() {
    const { hash, control } = this
    if (hash === null) return
    let torrent
    try {
      torrent = await get(`torrents/${hash}`, { signal: control.signal })
    } catch (error) {
      if (control.signal.aborted) return
      if (error.status === 404 || error.status === 400) {
        toast('This torrent is not here any more.')
        return this.close()
      }
      throw error
    }
    this.torrent = torrent
    this.show(torrent)
    this.tabs[0].sample(torrent)
    try {
      await this.tab.update(torrent, control.signal)
    } catch (error) {
      if (!control.signal.aborted) throw error
    }
  }

  show(torrent) {
    setText(this.name, torrent.name || torrent.hash)
    setText(this.state, progressText(torrent))
    this.root.dataset.state = torrent.error ? 'failed' : torrent.state
    this.fill.style.transform = `scaleX(${torrent.progress})`
    this.bar.setAttribute('aria-valuenow', String(Math.floor(torrent.progress * 100)))
    this.bar.setAttribute('aria-valuetext', percent(torrent.progress))
    const paused = torrent.state === 'paused'
    if (this.toggle.dataset.paused !== String(paused)) {
      this.toggle.dataset.paused = String(paused)
      this.toggle.replaceChildren(icon(paused ? 'play' : 'pause'), paused ? 'Resume' : 'Pause')
    }
  }

  toggleState() {
    if (!this.torrent) return
    if (this.torrent.state === 'paused') this.act('resume', 'Resumed')
    else this.act('pause', 'Paused')
  }

  act(action, done) {
    return act(this.torrent ?? { hash: this.hash }, action, done).then(() => {
      this.poller.now()
      this.changed()
    })
  }

  async remove() {
    if (!this.torrent) return
    await removeTorrent(this.torrent, this)
    this.changed()
  }
}

export async function act(torrent, action, done) {
  try {
    await call('POST', `torrents/${torrent.hash}/${action}`)
    toast(`${done}: ${torrent.name || torrent.hash}`)
  } catch (error) {
    toast(error.message, 'bad')
  }
}

// Asks, and removes it. The panel closes first: nobody should ask for what is going.
export async function removeTorrent(torrent, details) {
  const content = await askRemoval(torrent)
  if (!content) return
  if (details.hash === torrent.hash) details.close()
  try {
    const removal = await call('DELETE', `torrents/${torrent.hash}?content=${content}`)
    const freed = content === 'remove' ? `, ${bytes(removal.freed)} freed` : ''
    toast(`Removed: ${torrent.name || torrent.hash}${freed}`)
  } catch (error) {
    toast(error.message, 'bad')
  }
}
