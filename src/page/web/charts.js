// SPDX-License-Identifier: MIT OR Apache-2.0
// What is drawn: the map of pieces and the graphs of rates.
import { bytes } from './format.js'

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

// A canvas as large as its box, in the screen's own pixels. Null while it has no size.
function prepare(canvas, height = canvas.clientHeight) {
  const ratio = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  if (!width || !height) return null
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')
  context.scale(ratio, ratio)
  return { context, width, height }
}

// How full each of `cells` cells is, of pieces as the node writes them: four in a digit, the first
// the highest bit.
export function cellsOf(hex, total, cells) {
  const out = new Float32Array(cells)
  const counts = new Uint32Array(cells)
  for (let piece = 0; piece < total; piece++) {
    const cell = Math.floor((piece * cells) / total)
    counts[cell]++
    if (parseInt(hex[piece >> 2], 16) & (8 >> (piece & 3))) out[cell]++
  }
  return out.map((have, cell) => have / counts[cell])
}

const MAP_HEIGHT = 96

export function drawPieces(canvas, hex, total) {
  const width = canvas.clientWidth
  if (!width || !total) return
  const side = Math.max(5, Math.min(16, Math.floor(Math.sqrt((width * MAP_HEIGHT) / total))))
  const columns = Math.floor(width / side)
  const cells = Math.min(total, columns * Math.floor(MAP_HEIGHT / side))
  const height = Math.ceil(cells / columns) * side
  canvas.style.height = `${height}px`
  const { context } = prepare(canvas, height)
  const filled = cellsOf(hex, total, cells)
  const [empty, full] = [color('--track'), color('--accent')]
  for (let i = 0; i < cells; i++) {
    const x = (i % columns) * side
    const y = Math.floor(i / columns) * side
    context.fillStyle = empty
    context.fillRect(x, y, side - 1, side - 1)
    if (!filled[i]) continue
    context.globalAlpha = 0.25 + 0.75 * filled[i]
    context.fillStyle = full
    context.fillRect(x, y, side - 1, side - 1)
    context.globalAlpha = 1
  }
}

// The last samples of two rates, the newest last.
export class RateHistory {
  constructor(length = 120, samples = []) {
    this.length = length
    this.samples = samples
  }

  add(down, up) {
    this.samples.push([down, up])
    if (this.samples.length > this.length) this.samples.shift()
  }

  get most() {
    return this.samples.reduce((most, sample) => Math.max(most, ...sample), 0)
  }
}

// The next of 1, 2, 5, 10, … times a power of 1024 that is not less.
export function niceTop(value) {
  let unit = 1024
  while (unit * 1000 < value) unit *= 1024
  for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]) {
    if (step * unit >= value) return step * unit
  }
  return value
}

function drawLine(box, history, which, top, filled) {
  const { context, width, height } = box
  const step = width / (history.length - 1)
  const start = width - (history.samples.length - 1) * step
  const y = (value) => height - 1 - (value / top) * (height - 4)
  context.beginPath()
  history.samples.forEach((sample, i) => {
    if (i === 0) context.moveTo(start, y(sample[which]))
    else context.lineTo(start + i * step, y(sample[which]))
  })
  context.strokeStyle = color(which === 0 ? '--down' : '--up')
  context.lineWidth = 1.5
  context.lineJoin = 'round'
  context.stroke()
  if (!filled) return
  context.lineTo(width, height)
  context.lineTo(start, height)
  context.closePath()
  context.globalAlpha = 0.14
  context.fillStyle = context.strokeStyle
  context.fill()
  context.globalAlpha = 1
}

// With `scale`, lines and their values are behind it; without, it is a small picture in a line.
export function drawRates(canvas, history, scale) {
  const box = prepare(canvas)
  if (!box) return
  const { context, width, height } = box
  const top = niceTop(history.most)
  if (scale) {
    context.strokeStyle = color('--line')
    context.fillStyle = color('--muted')
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`
    for (const part of [0.5, 1]) {
      const y = Math.round(height - 1 - part * (height - 4)) + 0.5
      context.beginPath()
      context.moveTo(0, y)
      context.lineTo(width, y)
      context.stroke()
      context.fillText(`${bytes(top * part)}/s`, 2, y + 12)
    }
  }
  drawLine(box, history, 1, top, scale)
  drawLine(box, history, 0, top, true)
}
