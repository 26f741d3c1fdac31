// SPDX-License-Identifier: MIT OR Apache-2.0
// The page's modules that need no browser, under Node.js' own test runner.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'

globalThis.document = { baseURI: 'http://localhost:8080/' }
globalThis.sessionStorage = globalThis.localStorage = { getItem: () => null }
const web = '../../src/page/web'
const { checkBytes, encodeQr, formatBits, versionBits } = await import(`${web}/qr.js`)
const { bytes, duration, gatewayPath, mediaKind, percent, progressText, readLink } = await import(
  `${web}/format.js`
)
const { cellsOf, niceTop } = await import(`${web}/charts.js`)
const { EventParser } = await import(`${web}/events.js`)

test('QR: check bytes are those of the known example', () => {
  // "HELLO WORLD" in version 1-M.
  const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]
  assert.deepEqual([...checkBytes(data, 10)], [196, 35, 39, 119, 235, 215, 231, 226, 93, 23])
})

test('QR: format and version information are those of the standard (annexes C and D)', () => {
  assert.equal(formatBits('M', 0).toString(2), '101010000010010')
  assert.equal(formatBits('M', 5).toString(2).padStart(15, '0'), '100000011001110')
  assert.equal(formatBits('L', 0).toString(2), '111011111000100')
  assert.equal(formatBits('L', 4).toString(2), '110011000101111')
  assert.equal(versionBits(7), 0x07c94)
  assert.equal(versionBits(21), 0x15683)
  assert.equal(versionBits(40), 0x28c69)
})

const textOf = (code) =>
  Array.from({ length: code.size }, (_, y) =>
    Array.from({ length: code.size }, (__, x) => (code.dark(x, y) ? '#' : '.')).join(''),
  ).join('\n')

test('QR: a whole symbol is what another encoder draws', () => {
  // qrencode 4.1.1 -8 -l L
  assert.equal(
    textOf(encodeQr('a weir in a river', 'L')),
    `
#######.#.##..#######
#.....#.##.#..#.....#
#.###.#...##..#.###.#
#.###.#..###..#.###.#
#.###.#.###...#.###.#
#.....#.#.##..#.....#
#######.#.#.#.#######
........#..#.........
###..##.####.####..##
.#..##......#.#.#...#
#..#..#..##.#.#.#####
.#..#..#....##...#.#.
####..#.######.##..##
........#..####.##..#
#######..#..##.##...#
#.....#.#.#.....##.#.
#.###.#..#####.###.##
#.###.#.....#..###.#.
#.###.#.#..####.#.###
#.....#.#.##.#.#.#...
#######.#.####.#.#..#`.trim(),
  )
})

test('QR: larger symbols are what another encoder drew and a scanner read', () => {
  // SHA-256 of the rows of qrencode 4.1.1 -8 for the first n characters of this, repeated.
  const text = 'magnet:?xt=urn:btih:a3f8e533f09f5c1a6e1f727cb9155e66664752f0&dn=photo%20é'.repeat(
    40,
  )
  for (const [level, length, version, digest] of [
    ['L', 40, 3, '164162e825f24cf2'],
    ['M', 40, 3, 'd5b65a86f9ce0920'],
    ['M', 100, 6, 'fa59d6ac6ebd57e5'],
    ['L', 230, 10, '98df2194a76ed395'],
    ['M', 230, 11, 'a0c4dd87ba79649e'],
    ['M', 300, 13, '565e23eab79f1a23'],
    ['L', 500, 15, '5f8d850e36bbb800'],
    ['M', 700, 21, '09d693839c19aea0'],
    ['M', 1200, 29, '2b93fe859ea5abdc'],
    ['L', 2200, 35, '4b2c414c6dad4c73'],
  ]) {
    const code = encodeQr(text.slice(0, length), level)
    assert.equal(code.version, version)
    assert.equal(
      createHash('sha256').update(textOf(code)).digest('hex').slice(0, 16),
      digest,
      `${level} ${length}`,
    )
  }
})

test('QR: what fits a version and what does not', () => {
  assert.equal(encodeQr('a'.repeat(14), 'M').version, 1)
  assert.equal(encodeQr('a'.repeat(15), 'M').version, 2)
  assert.equal(encodeQr('a'.repeat(2953), 'L').version, 40)
  assert.equal(encodeQr('a'.repeat(2954), 'L'), null)
  assert.equal(encodeQr('', 'L').version, 1)
})

test('sizes are rounded down, and 100 % is complete alone', () => {
  assert.equal(bytes(0), '0 B')
  assert.equal(bytes(1023), '1023 B')
  assert.equal(bytes(1024), '1.0 KiB')
  assert.equal(bytes(1024 * 1024 - 1), '1023 KiB')
  assert.equal(bytes(16_043_212), '15.2 MiB')
  assert.equal(percent(0.99999), '99 %')
  assert.equal(percent(1), '100 %')
  assert.equal(percent(0.0567), '5.6 %')
  assert.equal(duration(59.6), '1 min')
  assert.equal(duration(90_000), '1 d 1 h')
  assert.equal(duration(Infinity), '∞')
})

test('what stands below a progress bar', () => {
  const torrent = {
    state: 'downloading',
    progress: 0.5,
    metadata: true,
    error: null,
    size: 2000,
    done: 1000,
    downRate: 100,
  }
  assert.equal(progressText(torrent), '50 % · 10 s left')
  assert.equal(progressText({ ...torrent, downRate: 0 }), '50 %')
  assert.equal(progressText({ ...torrent, state: 'paused' }), 'Paused at 50 %')
  assert.equal(progressText({ ...torrent, state: 'seeding' }), 'Seeding')
  assert.equal(
    progressText({ ...torrent, state: 'fetching_metadata', metadata: false }),
    'Looking for metadata',
  )
  assert.equal(
    progressText({ ...torrent, error: { code: 'disk_full', recovers: true } }),
    'Waits: disk_full',
  )
})

test('links are read in every form, and nothing else is', () => {
  const hash = 'a3f8e533f09f5c1a6e1f727cb9155e66664752f0'
  const link = (text) => ({ kind: 'link', text })
  assert.deepEqual(readLink(` magnet:?xt=urn:btih:${hash}\n`), link(`magnet:?xt=urn:btih:${hash}`))
  assert.deepEqual(readLink(hash), link(hash))
  assert.deepEqual(readLink(`urn:btih:${hash}`), link(hash))
  assert.deepEqual(readLink(`http://localhost:8080/btih/${hash}`), link(hash))
  assert.deepEqual(
    readLink(`https://node.example/below/btih/${hash}/a%20file?download=1`),
    link(hash),
  )
  assert.deepEqual(readLink(`https://node.example/btih/${hash}.torrent`), link(hash))
  assert.deepEqual(readLink('http://x/cid/zDvZRwzm1'), link('zDvZRwzm1'))
  assert.deepEqual(readLink('https://example.org/a.torrent'), {
    kind: 'url',
    text: 'https://example.org/a.torrent',
  })
  for (const other of ['', 'abc', 'ftp://x/btih/', `${hash} ${hash}`, 'javascript:alert(1)']) {
    assert.equal(readLink(other), null, other)
  }
})

test("paths below the gateway are without the torrent's folder, and quoted", () => {
  assert.equal(gatewayPath('photos/a b/ü#?.jpg', false), 'a%20b/%C3%BC%23%3F.jpg')
  assert.equal(gatewayPath('one file%.bin', true), 'one%20file%25.bin')
  assert.equal(mediaKind('x/Film.MKV'), 'video')
  assert.equal(mediaKind('a.flac'), 'audio')
  assert.equal(mediaKind('a.svg'), null, 'can have scripts')
})

test('events are the same wherever the stream is cut', () => {
  const stream =
    'retry: 2000\n\nid: e-1\nevent: torrent_added\ndata: {"a":1}\n\n: \n\nevent: gap\ndata: {}\n\nid: e-2\n' +
    'event: metadata\ndata: x\ndata: y\n\nid: e-3\nevent: cut'
  const whole = new EventParser().feed(stream)
  assert.deepEqual(whole, [
    { id: 'e-1', name: 'torrent_added', data: '{"a":1}' },
    { id: 'e-1', name: 'gap', data: '{}' },
    { id: 'e-2', name: 'metadata', data: 'x\ny' },
  ])
  for (let cut = 0; cut <= stream.length; cut++) {
    const parser = new EventParser()
    assert.deepEqual(
      [...parser.feed(stream.slice(0, cut)), ...parser.feed(stream.slice(cut))],
      whole,
      `cut at ${cut}`,
    )
  }
})

test('pieces are put into cells in order, the first the highest bit', () => {
  assert.deepEqual([...cellsOf('e0', 3, 3)], [1, 1, 1])
  assert.deepEqual([...cellsOf('a', 4, 4)], [1, 0, 1, 0])
  assert.deepEqual([...cellsOf('f0', 8, 2)], [1, 0])
  assert.deepEqual([...cellsOf('f8', 8, 2)], [1, 0.25])
})

test('the top of a graph is a round number not below the most', () => {
  assert.equal(niceTop(0), 1024)
  assert.equal(niceTop(1025), 2048)
  assert.equal(niceTop(3 * 1024 * 1024), 5 * 1024 * 1024)
  for (const value of [1, 1e3, 1e6, 1.01e6, 1e9, 5e12]) assert.ok(niceTop(value) >= value)
})
