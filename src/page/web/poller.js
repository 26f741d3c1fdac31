// SPDX-License-Identifier: MIT OR Apache-2.0
// Work that is done again and again while somebody looks: not in a hidden tab, less and less often
// while the node does not answer, and at once when something happened.
import { isLost } from './api.js'

const LOST_MAX_MS = 10_000

export class Poller {
  constructor(work, interval) {
    this.work = work
    this.interval = interval
    this.timer = 0
    this.on = false
    this.failures = 0
    document.addEventListener('visibilitychange', () => {
      if (this.on && !document.hidden) this.now()
    })
  }

  start() {
    this.on = true
    return this.now()
  }

  stop() {
    this.on = false
    clearTimeout(this.timer)
  }

  // Never two at a time: what is asked for meanwhile is done once more behind it.
  async now() {
    clearTimeout(this.timer)
    if (this.busy) {
      this.again = true
      return
    }
    this.busy = true
    try {
      do {
        this.again = false
        await this.work()
        this.failures = 0
      } while (this.again && this.on)
    } catch {
      this.failures++
    } finally {
      this.busy = false
      if (this.on && !document.hidden) this.timer = setTimeout(() => this.now(), this.pause())
    }
  }

  pause() {
    if (!isLost()) return this.interval * Math.min(8, 1 + this.failures)
    return Math.min(LOST_MAX_MS, 1_000 * 1.5 ** this.failures)
  }
}
