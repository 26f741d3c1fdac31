// SPDX-License-Identifier: MIT OR Apache-2.0
// The node's events (HTML standard, "Server-sent events"). Not an EventSource, because that can't
// send a token.
import { heard, request } from './api.js'

const RETRY_MS = 2_000
const SILENCE_MS = 45_000 // three times what the node stays silent at most

// Cuts the text of a stream into events, wherever it was cut before.
export class EventParser {
  constructor() {
    this.rest = ''
    this.clear()
  }

  clear() {
    this.name = 'message'
    this.data = []
  }

  // The events that are complete now: {id, name, data}.
  feed(text) {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop()
    const out = []
    for (const line of lines) {
      if (line === '') {
        if (this.data.length) out.push({ id: this.id, name: this.name, data: this.data.join('\n') })
        this.clear()
        continue
      }
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'id') this.id = value
      else if (field === 'event') this.name = value
      else if (field === 'data') this.data.push(value)
    }
    return out
  }
}

async function readStream(response, parser, each, control) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let silence = 0
  const listen = () => {
    clearTimeout(silence)
    silence = setTimeout(() => control.abort(), SILENCE_MS)
  }
  try {
    for (;;) {
      listen()
      const { value, done } = await reader.read()
      if (done) return
      for (const event of parser.feed(value)) each(event.name, JSON.parse(event.data))
    }
  } finally {
    clearTimeout(silence)
  }
}

// Calls each(name, data) until the signal; goes on where it was after a break. `gap` among the
// names means: what was known is to be asked anew.
export async function follow(each, signal) {
  let last = null
  while (!signal.aborted) {
    const control = new AbortController()
    const stop = () => control.abort()
    signal.addEventListener('abort', stop)
    const parser = new EventParser()
    try {
      const response = await request('api/weir/v1/events', {
        headers: { Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': last } : {}) },
        signal: control.signal,
        timeout: 2 ** 31 - 1,
      })
      each('gap', {})
      await readStream(response, parser, each, control)
      if (!signal.aborted) heard(true)
    } catch {
      if (signal.aborted) return
    } finally {
      last = parser.id ?? last
      signal.removeEventListener('abort', stop)
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
