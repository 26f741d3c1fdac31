// SPDX-License-Identifier: MIT OR Apache-2.0
// Requests to the node: the token, errors, and whether the node answers at all.
//
// Addresses are relative to the page's own, so that it works below a proxy's path too.

const root = new URL('.', document.baseURI)
const TIMEOUT_MS = 15_000
const TOKEN_KEY = 'weir-token'

export const address = (path) => new URL(path, root).href

export class ApiError extends Error {
  constructor(status, code, text) {
    super(text)
    this.status = status
    this.code = code
  }
}

// 'lost' when the node does not answer, 'back' when it does again.
export const connection = new EventTarget()
let lost = false

export const isLost = () => lost

export function heard(answers) {
  if (lost === !answers) return
  lost = !answers
  connection.dispatchEvent(new Event(lost ? 'lost' : 'back'))
}

let token = sessionStorage.getItem(TOKEN_KEY) ?? localStorage.getItem(TOKEN_KEY)
let asking = null
let askForToken = async () => null

export const hasToken = () => Boolean(token)

// `ask(refused)` gives {token, keep} or null; one question at a time, whoever needs the answer.
export function onTokenNeeded(ask) {
  askForToken = ask
}

async function newToken(refused) {
  asking ??= askForToken(Boolean(refused)).finally(() => (asking = null))
  const given = await asking
  if (!given) return false
  token = given.token
  sessionStorage.setItem(TOKEN_KEY, token)
  if (given.keep) localStorage.setItem(TOKEN_KEY, token)
  else localStorage.removeItem(TOKEN_KEY)
  return true
}

export function authorization() {
  return token ? { Authorization: `Bearer ${token}` } : {}
}

async function errorOf(response) {
  const text = await response.text()
  try {
    const { code, text: sentence } = JSON.parse(text).error
    return new ApiError(response.status, code, sentence)
  } catch {
    return new ApiError(
      response.status,
      '',
      text.slice(0, 300) || `The node answered ${response.status}.`,
    )
  }
}

// The response, once it is a good one. Asks for a token when one is needed.
export async function request(path, options = {}) {
  for (;;) {
    const sent = token
    const timeout = AbortSignal.timeout(options.timeout ?? TIMEOUT_MS)
    let response
    try {
      response = await fetch(address(path), {
        ...options,
        headers: { ...options.headers, ...authorization() },
        signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
        cache: 'no-store',
        credentials: 'omit',
      })
    } catch (error) {
      if (!options.signal?.aborted) heard(false)
      throw error
    }
    heard(true)
    if (response.ok) return response
    if (response.status !== 401) throw await errorOf(response)
    // Somebody else may have got one in the meantime.
    if (sent !== token || (await newToken(sent))) continue
    throw await errorOf(response)
  }
}

// weir's own API; the answer as JSON, or null when there is no content.
export async function call(method, path, { body, type, ...options } = {}) {
  const response = await request(`api/weir/v1/${path}`, {
    method,
    body,
    headers: type ? { 'Content-Type': type } : {},
    ...options,
  })
  return response.status === 204 ? null : response.json()
}

export const get = (path, options) => call('GET', path, options)

// For XMLHttpRequest, which alone tells how much was sent: whether to send it again.
export const refreshToken = () => newToken(token)
