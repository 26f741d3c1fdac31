// SPDX-License-Identifier: MIT OR Apache-2.0
// The page: what is asked when, and what the keyboard does. docs/page.md tells of it.
import { connection, get, onTokenNeeded } from './api.js'
import { Adding } from './add.js'
import { RateHistory, drawRates } from './charts.js'
import { Details, act, removeTorrent } from './details.js'
import { askToken, showKeys } from './dialogs.js'
import { $, el, setText, toast } from './dom.js'
import { follow } from './events.js'
import { bytes, count, rate, stateText } from './format.js'
import { List } from './list.js'
import { Poller } from './poller.js'
import { Publishing } from './publish.js'
import { Torrents } from './torrents.js'

const INTERVAL_MS = 1_000
const SEARCH_PAUSE_MS = 150
const EVENTS_PAUSE_MS = 250
const FILTERS = ['', 'downloading', 'seeding', 'paused', 'checking', 'fetching_metadata', 'failed']
const ALWAYS_SHOWN = new Set(['', 'downloading', 'seeding', 'paused'])

onTokenNeeded(askToken)

const torrents = new Torrents(() => showList())
const list = new List($('#list'), torrents, (hash) => openTorrent(hash))
const details = new Details(
  $('#details'),
  () => listPoller.now(),
  () => {
    setLocation(null)
    list.openHash = null
    list.later()
    list.root.focus()
  },
)
const listPoller = new Poller(() => torrents.refresh(), INTERVAL_MS)
const statusPoller = new Poller(showStatus, INTERVAL_MS)
const history = new RateHistory(
  60,
  Array.from({ length: 60 }, () => [0, 0]),
)
const publishing = new Publishing(() => refreshAll())
const adding = new Adding(
  (torrent) => {
    refreshAll()
    openTorrent(torrent.hash)
  },
  (files) => publishing.drop(files),
)

function refreshAll() {
  listPoller.now()
  statusPoller.now()
}

// --- What is shown.

function showList() {
  list.changed()
  const { matched, total, known, query } = torrents
  const nothing = known && matched === 0
  $('#empty').hidden = !nothing
  if (nothing) showEmpty(total > 0 || query.q !== '' || query.state !== '')
  setText(
    $('#counts'),
    matched === total
      ? `${count(total)} torrents`
      : `${count(matched)} of ${count(total)} torrents`,
  )
}

function showEmpty(filtered) {
  const place = $('#empty-text')
  const kind = filtered ? 'filtered' : 'new'
  if (place.dataset.kind === kind) return
  place.dataset.kind = kind
  place.replaceChildren(
    ...(filtered
      ? [
          el('p', {}, 'No torrent is like that.'),
          el('button', { type: 'button', class: 'quiet', onclick: clearFilters }, 'Show all'),
        ]
      : [
          el('h2', {}, 'Nothing is here yet'),
          el(
            'p',
            {},
            'Drop a .torrent file or a magnet link to download it, any other file to publish it.',
          ),
          el(
            'div',
            { class: 'buttons' },
            el(
              'button',
              { type: 'button', class: 'primary', onclick: () => adding.open() },
              'Add a torrent',
            ),
            el(
              'button',
              { type: 'button', class: 'quiet', onclick: () => publishing.open() },
              'Publish a file',
            ),
          ),
        ]),
  )
}

async function showStatus() {
  const status = await get('status')
  setText($('#total-down'), `↓ ${rate(status.downRate)}`)
  setText($('#total-up'), `↑ ${rate(status.upRate)}`)
  history.add(status.downRate, status.upRate)
  drawRates($('#total-graph'), history, false)
  const { used, quota } = status.space
  setText(
    $('#node'),
    `weir ${status.version} · ${bytes(used)}${quota ? ` of ${bytes(quota)}` : ''} stored`,
  )
  showChips(status.torrents)
}

function showChips(counts) {
  const place = $('#states')
  for (const state of FILTERS) {
    let chip = place.querySelector(`[data-state="${state}"]`)
    if (!chip) {
      chip = el(
        'button',
        { type: 'button', class: 'chip', 'data-state': state, onclick: () => ask({ state }) },
        el('span', {}, state ? stateText(state) : 'All'),
        el('span', { class: 'number' }),
      )
      place.append(chip)
    }
    const number = state ? (counts[state] ?? 0) : counts.total
    setText(chip.lastElementChild, count(number))
    const chosen = torrents.query.state === state
    chip.hidden = number === 0 && !ALWAYS_SHOWN.has(state) && !chosen
    chip.setAttribute('aria-pressed', String(chosen))
  }
}

function showOrder() {
  const { sort, order } = torrents.query
  const descending = order === 'desc'
  $('#sort').value = sort
  $('#order').setAttribute('aria-pressed', String(descending))
  $('#order').setAttribute('aria-label', descending ? 'Descending order' : 'Ascending order')
  setText($('#order').firstElementChild, descending ? '↓' : '↑')
  for (const header of document.querySelectorAll('[data-sort]')) {
    if (header.dataset.sort === sort)
      header.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
    else header.removeAttribute('aria-sort')
  }
}

// --- What is asked.

function ask(query) {
  list.top()
  const asked = torrents.ask(query)
  showOrder()
  for (const chip of $('#states').children) {
    chip.setAttribute('aria-pressed', String(chip.dataset.state === torrents.query.state))
  }
  return asked.catch(() => {})
}

function clearFilters() {
  $('#search').value = ''
  ask({ q: '', state: '' })
}

function sortBy(sort) {
  const same = torrents.query.sort === sort
  const first = sort === 'name' ? 'asc' : 'desc'
  ask({ sort, order: same ? (torrents.query.order === 'asc' ? 'desc' : 'asc') : first })
}

let searchTimer = 0
$('#search').addEventListener('input', (event) => {
  clearTimeout(searchTimer)
  searchTimer = setTimeout(() => ask({ q: event.target.value.trim() }), SEARCH_PAUSE_MS)
})
$('#sort').addEventListener('change', (event) => {
  ask({ sort: event.target.value, order: event.target.value === 'name' ? 'asc' : 'desc' })
})
$('#order').addEventListener('click', () => sortBy(torrents.query.sort))
for (const header of document.querySelectorAll('[data-sort]')) {
  header.firstElementChild.addEventListener('click', () => sortBy(header.dataset.sort))
}

// --- The torrent that is open, which is in the address too.

function setLocation(hash) {
  const before = location.hash.slice(1)
  if (before === (hash ?? '')) return
  const wanted = hash ? `#${hash}` : location.pathname + location.search
  // Back leads to the list, not to every torrent that was looked at.
  if (before && hash) window.history.replaceState(null, '', wanted)
  else window.history.pushState(null, '', wanted)
}

function openTorrent(hash, focus = false) {
  setLocation(hash)
  list.openHash = hash
  list.later()
  details.open(hash, focus)
}

function followLocation() {
  const hash = location.hash.slice(1)
  if (/^[0-9a-fA-F]{40,64}$/.test(hash)) openTorrent(hash)
  else details.close()
}
window.addEventListener('popstate', followLocation)

// --- Keyboard.

async function removeActive() {
  const torrent = details.hash ? details.torrent : list.activeTorrent
  if (!torrent) return
  // Whether it was uploaded here is not in the list.
  const whole = await get(`torrents/${torrent.hash}`).catch((error) => toast(error.message, 'bad'))
  if (!whole) return
  await removeTorrent(whole, details)
  refreshAll()
}

function toggleActive() {
  const torrent = details.hash ? details.torrent : list.activeTorrent
  if (!torrent) return
  const paused = torrent.state === 'paused'
  act(torrent, paused ? 'resume' : 'pause', paused ? 'Resumed' : 'Paused').then(() => {
    refreshAll()
    if (details.hash) details.poller.now()
  })
}

function escape() {
  if (details.hash) details.close()
  else if ($('#search').value || torrents.query.state) clearFilters()
}

const step = (rows) => () => {
  list.activate(list.active < 0 && rows > 0 ? 0 : list.active + rows)
  list.root.focus({ preventScroll: true })
  if (details.hash && list.activeHash) openTorrent(list.activeHash)
}
const KEYS = {
  '/': () => $('#search').focus(),
  '?': showKeys,
  a: () => adding.open(),
  p: () => publishing.open(),
  j: step(1),
  k: step(-1),
  Delete: removeActive,
  Escape: escape,
}
const LIST_KEYS = {
  ArrowDown: step(1),
  ArrowUp: step(-1),
  PageDown: () => step(list.pageRows)(),
  PageUp: () => step(-list.pageRows)(),
  Home: () => list.activate(0),
  End: () => list.activate(torrents.matched - 1),
  Enter: () => list.activeHash && openTorrent(list.activeHash, true),
  ' ': toggleActive,
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
    return
  const typing = event.target.closest('input, textarea, select')
  if (typing) {
    if (event.key !== 'Escape' && event.key !== 'Enter') return
    if (event.target.id !== 'search') return
    event.preventDefault()
    if (event.key === 'Escape') clearFilters()
    return list.root.focus()
  }
  const inList = event.target === list.root || event.target === document.body
  const action = KEYS[event.key] ?? (inList ? LIST_KEYS[event.key] : null)
  if (!action) return
  event.preventDefault()
  action()
})

// --- Connection and events.

connection.addEventListener('lost', () => {
  $('#lost').hidden = false
  document.body.classList.add('is-lost')
})
connection.addEventListener('back', () => {
  $('#lost').hidden = true
  document.body.classList.remove('is-lost')
  refreshAll()
  toast('The node answers again.')
})

const TOLD = {
  torrent_done: (data) => ['Complete', data, 'good'],
  torrent_failed: (data) => [`Failed (${data.code})`, data, 'bad'],
}

// Events come as fast as things happen, and each would have the node sort its list again.
let refreshTimer = 0
function refreshSoon() {
  refreshTimer ||= setTimeout(() => {
    refreshTimer = 0
    listPoller.now()
  }, EVENTS_PAUSE_MS)
}

function onEvent(name, data) {
  if (name === 'tracker') return
  refreshSoon()
  if (name !== 'gap' && details.hash === data.hash) {
    if (name === 'torrent_removed') details.close()
    else details.poller.now()
  }
  const told = TOLD[name]?.(data)
  if (!told) return
  const torrent = torrents.rows.get(torrents.placeOf(data.hash))
  toast(`${told[0]}: ${torrent?.name || data.hash}`, told[2])
}

// A hidden tab follows nothing: browsers have six connections to a node for all their tabs.
let following = null
function followEvents() {
  if (document.hidden) {
    following?.abort()
    following = null
  } else if (!following) {
    following = new AbortController()
    follow(onEvent, following.signal)
  }
}
document.addEventListener('visibilitychange', followEvents)

showOrder()
listPoller.start().then(() => {
  statusPoller.start()
  followEvents()
  followLocation()
})
