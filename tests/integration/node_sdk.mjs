// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls of the Codex SDK, as node_sdk_test.py orders them: a line of JSON in, a line of JSON out.
import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Codex } from '@codex-storage/sdk-js'
import { NodeUploadStrategy } from '@codex-storage/sdk-js/node'

const codex = new Codex(process.argv[2])

async function upload ({ path, stream, metadata }) {
  const body = stream ? createReadStream(path) : readFileSync(path)
  return codex.data.upload(new NodeUploadStrategy(body, metadata)).result
}

async function run (order) {
  if (order.call === 'upload') return upload(order)
  return codex[order.module][order.call](...(order.arguments ?? []))
}

async function shown ({ error, data }) {
  if (error) return { error, code: data.code ?? null, message: data.message }
  if (!(data instanceof Response)) return { error, data }
  const body = Buffer.from(await data.arrayBuffer()).toString('base64')
  return { error, status: data.status, type: data.headers.get('content-type'), body }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await shown(await run(JSON.parse(line)))))
}
