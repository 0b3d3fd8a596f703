import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { firstReading } from './firstReading'

it('sends a reading of the moment the command runs', () => {
  const command = firstReading('http://here', 'the-uuid', 'the-secret')
  const script = `curl() { printf '%s\\n' "$@"; }; ${command}`
  const said = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
  expect(said.slice(0, 3)).toEqual(['http://here/api/ingest', '-H', 'X-Device-ID: the-uuid'])
  const reading = JSON.parse(said.at(-1) ?? '')
  expect(Math.abs(Date.parse(reading.ts) - Date.now())).toBeLessThan(60_000)
})
