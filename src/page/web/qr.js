// SPDX-License-Identifier: MIT OR Apache-2.0
// QR codes (ISO/IEC 18004) of text in byte mode, error correction levels L and M.
//
//   const code = encodeQr('magnet:?…')  // null when it is too long for any version
//   code.dark(x, y)                     // 0 <= x, y < code.size, without the quiet zone

// By version - 1: check bytes in each block, and how many blocks (table 9 of the standard).
const LEVELS = {
  L: {
    bits: 1,
    check: [
      7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30,
      26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    blocks: [
      1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14,
      15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
    ],
  },
  M: {
    bits: 0,
    check: [
      10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28,
      28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ],
    blocks: [
      1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25,
      26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ],
  },
}
const VERSION_MAX = 40

// GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1.
const EXP = new Uint8Array(255)
const LOG = new Uint8Array(256)
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = value
  LOG[value] = power
  value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1
}
const multiply = (a, b) => (a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0)

// The product of (x - 2^i), highest coefficient first and left out.
function generator(degree) {
  const out = new Uint8Array(degree)
  out[degree - 1] = 1
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) {
      out[j] = multiply(out[j], EXP[i]) ^ (j + 1 < degree ? out[j + 1] : 0)
    }
  }
  return out
}

// The Reed-Solomon check bytes of a block.
export function checkBytes(data, degree) {
  const divisor = generator(degree)
  const out = new Uint8Array(degree)
  for (const byte of data) {
    const factor = byte ^ out[0]
    out.copyWithin(0, 1)
    out[degree - 1] = 0
    for (let i = 0; i < degree; i++) out[i] ^= multiply(divisor[i], factor)
  }
  return out
}

// Modules that hold data and check bytes.
function dataModules(version) {
  let out = (16 * version + 128) * version + 64
  if (version >= 2) {
    const n = Math.floor(version / 7) + 2
    out -= (25 * n - 10) * n - 55
    if (version >= 7) out -= 36
  }
  return out
}

function capacityBytes(version, level) {
  const { check, blocks } = LEVELS[level]
  return (dataModules(version) >> 3) - check[version - 1] * blocks[version - 1]
}

// Mode, length, bytes, terminator and padding.
function dataBytes(bytes, version, level) {
  const out = new Uint8Array(capacityBytes(version, level))
  let at = 0
  const put = (value, count) => {
    for (let bit = count - 1; bit >= 0; bit--, at++) {
      out[at >> 3] |= ((value >> bit) & 1) << (7 - (at & 7))
    }
  }
  put(0b0100, 4)
  put(bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) put(byte, 8)
  // The terminator and the rest of its byte are zero already.
  at = Math.min(at + 4, out.length * 8)
  for (let i = Math.ceil(at / 8), pad = 0xec; i < out.length; i++, pad ^= 0xec ^ 0x11) out[i] = pad
  return out
}

// Blocks with their check bytes, interleaved.
function interleaved(data, version, level) {
  const degree = LEVELS[level].check[version - 1]
  const count = LEVELS[level].blocks[version - 1]
  const short = Math.floor(data.length / count)
  const shortCount = count - (data.length % count)
  const blocks = []
  for (let i = 0, at = 0; i < count; i++) {
    const size = short + (i < shortCount ? 0 : 1)
    const block = data.subarray(at, at + size)
    at += size
    blocks.push({ block, check: checkBytes(block, degree) })
  }
  const out = []
  for (let i = 0; i <= short; i++) {
    for (const { block } of blocks) if (i < block.length) out.push(block[i])
  }
  for (let i = 0; i < degree; i++) for (const { check } of blocks) out.push(check[i])
  return out
}

// Where the centres of alignment patterns are, on both axes.
function alignment(version) {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = version === 32 ? 26 : Math.floor((version * 4 + count * 2 + 1) / (count * 2 - 2)) * 2
  const out = [6]
  for (let at = version * 4 + 10; out.length < count; at -= step) out.splice(1, 0, at)
  return out
}

// The remainder of value·x^degree by the generator: BCH codes of format and version.
function withRemainder(value, degree, polynomial) {
  let rest = value
  for (let i = 0; i < degree; i++) rest = (rest << 1) ^ ((rest >> (degree - 1)) * polynomial)
  return (value << degree) | rest
}
export const formatBits = (level, mask) =>
  withRemainder((LEVELS[level].bits << 3) | mask, 10, 0x537) ^ 0x5412
export const versionBits = (version) => withRemainder(version, 12, 0x1f25)

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

class Matrix {
  constructor(version) {
    this.version = version
    this.size = version * 4 + 17
    this.cells = new Uint8Array(this.size * this.size)
    this.fixed = new Uint8Array(this.size * this.size) // patterns, which no mask touches
  }

  dark(x, y) {
    return this.cells[y * this.size + x] === 1
  }

  set(x, y, dark) {
    this.cells[y * this.size + x] = dark ? 1 : 0
    this.fixed[y * this.size + x] = 1
  }

  // Squares around a centre, dark where the distance is not one of `light`.
  rings(cx, cy, radius, light) {
    for (let y = Math.max(0, cy - radius); y <= Math.min(this.size - 1, cy + radius); y++) {
      for (let x = Math.max(0, cx - radius); x <= Math.min(this.size - 1, cx + radius); x++) {
        this.set(x, y, !light.includes(Math.max(Math.abs(x - cx), Math.abs(y - cy))))
      }
    }
  }

  drawPatterns() {
    const last = this.size - 1
    for (let i = 0; i < this.size; i++) {
      this.set(6, i, i % 2 === 0)
      this.set(i, 6, i % 2 === 0)
    }
    for (const [x, y] of [
      [3, 3],
      [last - 3, 3],
      [3, last - 3],
    ])
      this.rings(x, y, 4, [2, 4])
    const places = alignment(this.version)
    for (const x of places) {
      for (const y of places) {
        const corner = (x === 6 && (y === 6 || y === last - 6)) || (x === last - 6 && y === 6)
        if (!corner) this.rings(x, y, 2, [1])
      }
    }
    this.drawFormat(0)
    if (this.version < 7) return
    const bits = versionBits(this.version)
    for (let i = 0; i < 18; i++) {
      const along = last - 10 + (i % 3)
      const across = Math.floor(i / 3)
      this.set(along, across, (bits >> i) & 1)
      this.set(across, along, (bits >> i) & 1)
    }
  }

  // Both copies, and the one module that is always dark.
  drawFormat(bits) {
    const last = this.size - 1
    for (let i = 0; i < 15; i++) {
      const dark = (bits >> i) & 1
      const skip = i < 6 ? i : i < 8 ? i + 1 : 0
      if (i < 8) this.set(8, skip, dark)
      else this.set(i === 8 ? 7 : 14 - i, 8, dark)
      if (i < 8) this.set(last - i, 8, dark)
      else this.set(8, last - 14 + i, dark)
    }
    this.set(8, last - 7, true)
  }

  // Upwards and downwards in columns of two, from the right; the column of timing is left out.
  drawData(bytes) {
    let at = 0
    for (let right = this.size - 1, up = true; right > 0; right -= 2, up = !up) {
      if (right === 6) right = 5
      for (let step = 0; step < this.size; step++) {
        const y = up ? this.size - 1 - step : step
        for (const x of [right, right - 1]) {
          if (this.fixed[y * this.size + x]) continue
          const byte = at >> 3 < bytes.length ? bytes[at >> 3] : 0
          this.cells[y * this.size + x] = (byte >> (7 - (at & 7))) & 1
          at++
        }
      }
    }
  }

  applyMask(mask) {
    for (let y = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) {
        if (!this.fixed[y * this.size + x] && MASKS[mask](x, y)) this.cells[y * this.size + x] ^= 1
      }
    }
  }

  // How hard it would be to read (section "Evaluation of data masking results").
  penalty() {
    let out = 0
    let darks = 0
    for (let a = 0; a < this.size; a++) {
      const row = Array.from({ length: this.size }, (_, b) => this.cells[a * this.size + b]).join(
        '',
      )
      const column = Array.from(
        { length: this.size },
        (_, b) => this.cells[b * this.size + a],
      ).join('')
      out += linePenalty(row) + linePenalty(column)
      darks += row.split('1').length - 1
    }
    for (let y = 1; y < this.size; y++) {
      for (let x = 1; x < this.size; x++) {
        const dark = this.dark(x, y)
        if (
          this.dark(x - 1, y) === dark &&
          this.dark(x, y - 1) === dark &&
          this.dark(x - 1, y - 1) === dark
        )
          out += 3
      }
    }
    const percent = (100 * darks) / (this.size * this.size)
    return out + 10 * Math.floor(Math.abs(percent - 50) / 5)
  }
}

// Runs of five and more, and what looks like a finder pattern.
function linePenalty(line) {
  let out = 0
  for (const run of line.match(/0{5,}|1{5,}/g) ?? []) out += run.length - 2
  out += 40 * (line.match(/(?=10111010000|00001011101)/g) ?? []).length
  return out
}

export function encodeQr(text, level = 'M', wantedMask = null) {
  const bytes = new TextEncoder().encode(text)
  let version = 1
  const fits = () => bytes.length + (version < 10 ? 2 : 3) <= capacityBytes(version, level)
  while (version <= VERSION_MAX && !fits()) version++
  if (version > VERSION_MAX) return null
  const out = new Matrix(version)
  out.drawPatterns()
  out.drawData(interleaved(dataBytes(bytes, version, level), version, level))
  let best = wantedMask ?? 0
  let least = Infinity
  for (let mask = 0; mask < 8 && wantedMask === null; mask++) {
    out.applyMask(mask)
    out.drawFormat(formatBits(level, mask))
    const penalty = out.penalty()
    if (penalty < least) [best, least] = [mask, penalty]
    out.applyMask(mask) // again is back
  }
  out.applyMask(best)
  out.drawFormat(formatBits(level, best))
  out.mask = best
  return out
}

// Draws it with its quiet zone, dark on white whatever the theme: that is what cameras expect.
export function drawQr(canvas, code, scale = 4) {
  const quiet = 4
  canvas.width = canvas.height = (code.size + 2 * quiet) * scale
  const context = canvas.getContext('2d')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = '#000'
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (code.dark(x, y)) context.fillRect((x + quiet) * scale, (y + quiet) * scale, scale, scale)
    }
  }
}
