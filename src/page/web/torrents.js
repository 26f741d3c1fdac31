// SPDX-License-Identifier: MIT OR Apache-2.0
// The rows of the list that were asked for, by their place in the node's order. The node filters,
// sorts and cuts; what is here is the stretch that is looked at, and some around it.
import { get } from './api.js'

const KEPT_MAX = 3_000
const LIMIT_MAX = 500

export class Torrents {
  // `changed` is called whenever there is something else to show.
  constructor(changed) {
    this.changed = changed
    this.query = { q: '', state: '', sort: 'added', order: 'desc' }
    this.wanted = [0, 50]
    this.running = null
    this.clear()
  }

  clear() {
    this.rows = new Map()
    this.matched = 0
    this.total = 0
    this.known = false // whether any answer came for this query
  }

  // Another filter or order: what was shown stays until the answer is here.
  ask(query) {
    this.query = { ...this.query, ...query }
    this.wanted = [0, this.wanted[1] - this.wanted[0]]
    this.stale = true
    return this.refresh()
  }

  // Rows [first, last) are looked at.
  want(first, last) {
    this.wanted = [first, Math.min(last, first + LIMIT_MAX)]
    for (let i = first; i < Math.min(last, this.matched); i++) {
      if (!this.rows.has(i)) return this.refresh()
    }
    return null
  }

  // One request at a time; what is asked for during it is asked once more after it.
  refresh() {
    this.again = true
    this.running ??= this.run().finally(() => (this.running = null))
    return this.running
  }

  async run() {
    while (this.again) {
      this.again = false
      const query = this.query
      const [first, last] = this.wanted
      const page = await this.load(query, first, Math.max(1, last - first))
      if (query !== this.query) continue
      this.take(page)
    }
  }

  load(query, offset, limit) {
    const parameters = new URLSearchParams({ offset, limit, sort: query.sort, order: query.order })
    if (query.q) parameters.set('q', query.q)
    if (query.state) parameters.set('state', query.state)
    return get(`torrents?${parameters}`)
  }

  take(page) {
    if (this.stale || this.rows.size > KEPT_MAX || page.matched !== this.matched) this.rows.clear()
    this.stale = false
    this.known = true
    this.total = page.total
    this.matched = page.matched
    page.torrents.forEach((torrent, i) => this.rows.set(page.offset + i, torrent))
    this.changed()
  }

  placeOf(hash) {
    for (const [place, torrent] of this.rows) if (torrent.hash === hash) return place
    return -1
  }
}
