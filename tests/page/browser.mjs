// SPDX-License-Identifier: MIT OR Apache-2.0
// One Chromium with one page, as browser.py orders: a line of JSON in, a line of JSON out.
//
//   node browser.mjs CHROMIUM USER_DATA_DIR
//
// A command is {"call": name, "arguments": […]}: one of those below, or a method of the page
// (playwright-core). The answer is {"value": …} or {"error": text}.
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--autoplay-policy=no-user-gesture-required',
]
const TIMEOUT_MS = 30_000

const [program, folder] = process.argv.slice(2)
const context = await chromium.launchPersistentContext(folder, {
  executablePath: program,
  headless: true,
  args: FLAGS,
  viewport: { width: 1280, height: 800 },
  acceptDownloads: true,
})
context.setDefaultTimeout(TIMEOUT_MS)

// What should not be: errors on the console, exceptions, what the policy forbids, other hosts.
let problems = []
let origin = null
await context.addInitScript(() => {
  document.addEventListener('securitypolicyviolation', (event) => {
    console.error(
      `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
    )
  })
})

function watch(page) {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      problems.push(`${message.type()}: ${message.text()} (${message.location().url})`)
    }
  })
  page.on('pageerror', (error) => problems.push(`exception: ${error.stack ?? error}`))
  page.on('request', (request) => {
    const url = request.url()
    if (origin && !/^(blob|data):/.test(url) && !url.startsWith(origin))
      problems.push(`elsewhere: ${url}`)
  })
}

let page = context.pages()[0] ?? (await context.newPage())
watch(page)

const commands = {
  async open(url, media = {}) {
    origin = new URL(url).origin
    await page.emulateMedia(media)
    await page.goto(url)
  },
  async problems() {
    const out = problems
    problems = []
    return out
  },
  async evaluate(expression) {
    // As a function, and not as text: the page's policy forbids it to make code of text.
    const session = await context.newCDPSession(page)
    try {
      const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      })
      if (exceptionDetails)
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    } finally {
      await session.detach()
    }
  },
  // Files (name, type, base64) that are dropped on the page, as from a file manager; or text.
  async drop(files, text = null) {
    const transfer = await page.evaluateHandle(
      ([list, words]) => {
        const out = new DataTransfer()
        for (const { name, type, data } of list) {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0))
          out.items.add(new File([bytes], name, { type }))
        }
        if (words) out.setData('text/plain', words)
        return out
      },
      [files, text],
    )
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await page.dispatchEvent('body', type, { dataTransfer: transfer })
    }
  },
  async press(key) {
    await page.keyboard.press(key)
  },
  async type(text) {
    await page.keyboard.type(text)
  },
  async files(selector, paths) {
    await page.setInputFiles(selector, paths)
  },
  async size(width, height) {
    await page.setViewportSize({ width, height })
  },
  async wheel(dy) {
    await page.mouse.wheel(0, dy)
  },
  async download(selector) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)])
    return { name: download.suggestedFilename(), path: await download.path() }
  },
  async screenshot(path) {
    await page.screenshot({ path, animations: 'disabled' })
  },
  async count(selector) {
    return page.locator(selector).count()
  },
  async media(options) {
    await page.emulateMedia(options)
  },
  async wait(selector, state = 'visible') {
    await page.waitForSelector(selector, { state })
  },
  // As if the node had so many torrents.
  async pretend_torrents(total) {
    await page.route(/\/api\/weir\/v1\/torrents\?/, (route) => {
      const query = new URL(route.request().url()).searchParams
      const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))]
      const length = Math.max(0, Math.min(limit, total - offset))
      const torrents = Array.from({ length }, (_, i) => pretended(total - 1 - offset - i))
      return route.fulfill({ json: { total, matched: total, offset, torrents } })
    })
  },
  async end() {
    await context.close()
  },
}

function pretended(number) {
  const hash = number.toString(16).padStart(40, '0')
  return {
    hash,
    v1: hash,
    v2: null,
    name: `Torrent ${String(number).padStart(5, '0')}`,
    state: 'downloading',
    error: null,
    metadata: true,
    size: 2 ** 30,
    done: 2 ** 29,
    progress: 0.5,
    downRate: number,
    upRate: 0,
    downloaded: 0,
    uploaded: 0,
    peers: 3,
    seeds: 1,
  }
}

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')

say({ value: 'ready' })
for await (const line of createInterface({ input: process.stdin })) {
  const { call, arguments: given = [] } = JSON.parse(line)
  try {
    const value = commands[call] ? await commands[call](...given) : await page[call](...given)
    say({ value: value === undefined || typeof value === 'function' ? null : value })
  } catch (error) {
    say({ error: String(error.message ?? error) })
  }
  if (call === 'end') process.exit(0)
}
